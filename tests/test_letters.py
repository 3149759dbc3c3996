"""What XML letters say, of which conversation they are, and that a try repeats the one before it word for word."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cases import FIXTURES
from due_mail import MUNICIPALITY, one_due
from lxml import etree

from adapter.domain.delivery import Letter, Receipt
from adapter.flows.deliver import deliver_round
from adapter.flows.resources import next_version
from adapter.replay.stage import Stage

FOLDERS = sorted({path.parent.parent for path in FIXTURES.rglob("out/*-sent-*.xml")})
MODEL = FIXTURES / "letter" / "need-reaches-an-xml-municipality"
_LATE = re.compile(rb"Denne melding(?:a er forseinka|en er forsinket).*\n\s*")
_SENT = re.compile(r"(\d+)-sent-(\d+)-to-(\d+)\.(xml|json)")


def sent(folder: Path) -> list[tuple[str, Path]]:
    """Recipient and file of each message, in the order in which they left."""
    found = [(match, path) for path in folder.glob("out/*") if (match := _SENT.fullmatch(path.name))]
    ordered = sorted(found, key=lambda one: (int(one[0][1]), int(one[0][2])))
    return [(match[3], path) for match, path in ordered]


def letters(folder: Path) -> list[tuple[str, etree._Element]]:
    return [(to, etree.parse(path).getroot()) for to, path in sent(folder) if path.suffix == ".xml"]


def texts(root: etree._Element, name: str) -> list[str]:
    return [element.text or "" for element in root.iter(f"{{*}}{name}")]


def values(root: etree._Element, name: str) -> list[str | None]:
    return [element.get("V") for element in root.iter(f"{{*}}{name}")]


def test_the_same_letter_has_the_same_bytes_at_every_try() -> None:
    """But that one which surely never came says so at the next, and at each after that (R-161)."""
    repeated = 0
    for folder in FOLDERS:
        by_id = defaultdict(list)
        for to, path in sent(folder):
            if path.suffix == ".xml":
                (id_,) = texts(etree.parse(path).getroot(), "MsgId")
                by_id[to, id_].append(path.read_bytes())
        for tries in by_id.values():
            late = [_LATE.search(one) is not None for one in tries]
            assert late == sorted(late), folder
            assert len(set(zip(tries, late, strict=True))) == len(set(late)), folder
            assert len({re.sub(rb"\s+", b" ", _LATE.sub(b"", one)) for one in tries}) == 1, folder
            repeated += len(tries) - 1
    assert repeated >= 8


def test_a_letter_names_only_messages_that_its_recipient_knows() -> None:
    """Those it got from us before, or has sent itself; what begins a conversation names none."""
    for folder in FOLDERS:
        received = b"".join(path.read_bytes() for path in folder.glob("*.xml"))
        came = {id_.decode() for id_ in re.findall(rb"MsgId>([^<]+)<", received)}
        got: dict[str, set[str]] = defaultdict(set)
        for to, root in letters(folder):
            named = {*texts(root, "RefToParent"), *texts(root, "RefToConversation")}
            assert named <= came | got[to], folder
            got[to] |= {*texts(root, "MsgId")}


def test_the_contact_at_the_recipient_stands_where_the_standard_demands_it() -> None:
    """RollerRelatertNotat 24 in the first helsefaglig dialog of a conversation, with a profession; nowhere else."""
    for folder in FOLDERS:
        for _, root in letters(folder):
            demanded = values(root, "Type") == ["DIALOG_HELSEFAGLIG"] and not texts(root, "RefToConversation")
            assert ("24" in values(root, "RoleToPatient")) == demanded, folder
            assert (values(root, "TypeHealthcareProfessional") == ["XX"]) == demanded, folder


def test_no_letter_tells_where_the_person_lives_or_what_the_plan_holds() -> None:
    for folder in FOLDERS:
        for _, root in letters(folder):
            words = etree.tostring(root, encoding="unicode")
            assert not re.search("StreetAdr|PostalCode|Skjultveien|Bortgata|GJEMSTED", words), folder
            assert not re.search("Bo hjemme|Fysioterapi to ganger", words), folder


def test_what_cannot_stand_in_xml_is_seen_to_be_missing() -> None:
    folder = FIXTURES / "letter" / "characters-that-xml-cannot-hold"
    ((_, root),) = letters(folder)
    (text,) = texts(root, "TekstNotatInnhold")
    assert "rehabilitering \ufffd etter <b>hjerneslag</b> & ]]> \U0001f642" in text


class Recording:
    """A way out on which nobody answers; keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[Letter] = []

    async def post(self, letter: Letter) -> Receipt:
        self.given.append(letter)
        return Receipt("unreachable")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A case with its need due to an XML municipality."""
    with one_due(tmp_path, MODEL) as stage:
        yield stage


def test_a_try_repeats_the_first_one_though_the_person_has_another_name_since(stage: Stage) -> None:
    """The recipient tells a repeat by its id, and would refuse other bytes under it."""
    transport = Recording()
    asyncio.run(deliver_round(MUNICIPALITY, transport, stage.parts))
    stage.clock.now += timedelta(hours=1)
    with stage.parts.store.transaction() as tx:
        person = next(v for v in tx.of_case(stage.cases[0]) if v.type == "Patient")
        renamed = {**person.body, "name": [{"family": "NYTTNAVN", "given": ["SYNTETISK"]}]}
        tx.keep_version(
            next_version(
                person, renamed, case_id=person.case_id, author="adapter", source="x", at=stage.clock.now
            )
        )
    asyncio.run(deliver_round(MUNICIPALITY, transport, stage.parts))
    first, second = transport.given
    assert first == second


def test_the_letter_says_how_it_is_to_be_carried(stage: Stage) -> None:
    transport = Recording()
    asyncio.run(deliver_round(MUNICIPALITY, transport, stage.parts))
    (letter,) = transport.given
    assert (letter.channel, letter.address) == ("edi", "http://127.0.0.1:8102/edi/messages")
    assert (letter.kind, letter.sender, letter.receiver) == ("DIALOG_HELSEFAGLIG", "8900091", "8900022")


def test_what_no_letter_is_foreseen_for_waits_for_a_person(stage: Stage) -> None:
    tables = replace(stage.parts.tables, letters=replace(stage.parts.tables.letters, rules=()))
    asyncio.run(deliver_round(MUNICIPALITY, Recording(), replace(stage.parts, tables=tables)))
    (delivery,) = stage.parts.store.deliveries_of(stage.cases[0])
    assert (delivery.place, delivery.because) == ("held", "cannot-be-composed")


def test_a_letter_without_what_it_is_about_waits_for_a_person(stage: Stage) -> None:
    """Nothing that a delivery lacks keeps back the rest of a batch."""
    with stage.parts.store.transaction() as tx:
        (need,) = (d.outgoing for d in tx.deliveries(stage.cases[0]))
        rest = tuple(pin for pin in need.carries if pin != need.focus)
        tx.send([replace(need, message_id="without", carries=rest)])
    asyncio.run(deliver_round(MUNICIPALITY, Accepting(), stage.parts))
    asyncio.run(deliver_round(MUNICIPALITY, Accepting(), stage.parts))
    whole, without = stage.parts.store.deliveries_of(stage.cases[0])
    assert whole.state == "accepted"
    assert (without.place, without.because) == ("held", "cannot-be-composed")


class Accepting:
    """A way out on which everything is taken with a positive AppRec."""

    async def post(self, letter: Letter) -> Receipt:
        return Receipt("answered", 200, "apprec-ok")


def test_where_we_sign_the_signed_bytes_leave(stage: Stage) -> None:
    transport = Recording()
    parts = replace(stage.parts, sign=lambda message: message + b"<!-- signed -->")
    asyncio.run(deliver_round(MUNICIPALITY, transport, parts))
    assert transport.given[0].body.endswith(b"</MsgHead><!-- signed -->")
