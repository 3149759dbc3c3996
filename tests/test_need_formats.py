"""What the columns of need.yaml read of official and constructed messages: the facts, and every leaf accounted for."""

from collections.abc import Mapping
from functools import cache

import pytest
from cases import FIXTURES
from shared_data import SHARED, needs_shared

from adapter.domain.doors import Way, way_of
from adapter.mapping.engine import Reading, flat, read
from adapter.mapping.roles import roots_of_hodemelding
from adapter.mapping.tables import Tables, load
from adapter.mapping.transforms import TRANSFORMS
from adapter.settings import carried
from adapter.wire import edi
from adapter.wire.tree import leaves

NORWEGIAN = SHARED / "norwegian-xml"
REQUESTER = {
    "requester.role": "18",
    "requester.family": "SYKEPLEIER",
    "requester.given": "TEST",
    "requester.phone": "99999999",
}
THEME = {"dialog.theme": "about-patient"}
OFFICIAL: Mapping[str, Mapping[str, str]] = {
    "constructed/plo-v1.6-HELSEOPPL_SOKNAD-varsel-innlagt-IP.xml": {
        "message.status": "new",
        "message.content": "admission-notice",
        "dialog.topic": "Individuell plan og koordinator",
        "patient.fnr": "21905297101",
        **REQUESTER,
    },
    "constructed/dialog-v1.0-DIALOG_FORESPORSEL-behov-IP-fra-sykehus.xml": {**THEME, **REQUESTER},
    "constructed/dialog-v1.1-DIALOG_HELSEFAGLIG-behov-IP-fra-sykehus.xml": {**THEME, **REQUESTER},
    "examples/dialogmelding/message_with_attachments.xml": {**THEME, "patient.gender": "female"},
    "examples/dialogmelding/message_without_attachments.xml": {
        **THEME,
        "need.reason": "Kan du skrive ut en henvisning til fysioterapi?",
    },
    "examples/dialogmelding/v1.0-dialog-foresporsel-samsvar-test.xml": {
        **THEME,
        "need.authored": "2025-05-13T11:51:01+02:00",
    },
    "examples/dialogmelding/v1.0-dialog-notat-webmed-test.xml": {
        **THEME,
        "need.reason": "Lege svarer med notat. Innkommende melding vises OK.",
    },
    "examples/dialogmelding/v1.1-DIALOG_HELSEFAGLIG-samsvar-test.xml": {
        "dialog.theme": "asks-health-information",
        "dialog.topic": "EKG tatt i dag",
    },
    "examples/dialogmelding/v1.1-EDI20-received-DIALOG_HELSEFAGLIG.xml": {
        "dialog.theme": "asks-health-information",
        "patient.birth_date": "2002-07-15",
    },
}
ATTACHED = {
    "message_with_attachments.xml": 3,
    "v1.0-dialog-foresporsel-samsvar-test.xml": 1,
    "v1.1-DIALOG_HELSEFAGLIG-samsvar-test.xml": 1,
    "v1.1-EDI20-received-DIALOG_HELSEFAGLIG.xml": 1,
}
NOT_READ = {
    "refuse/plo-payload-of-a-dialog",
    "refuse/referral-of-an-older-version",
    "hold/attachment-elsewhere",
}
"""Two that are of no format by their namespace, and one that holds a reference nobody follows."""
OURS = sorted(
    folder
    for pattern in ("*/plo-*", "*/dialog-1.0-*", "*/referral-*", "*/attachment*", "*/xml-question-*")
    for path in FIXTURES.glob(f"{pattern}/in.xml")
    if (folder := str(path.parent.relative_to(FIXTURES))) not in NOT_READ
)


@cache
def tables() -> Tables:
    return load(carried("mappings"), "https://ip-adapter.example/fhir")


def reading_of(raw: bytes) -> tuple[Reading, list[str]] | None:
    """What the column of a message that begins anew makes of it, and all its leaves; None where it has none."""
    envelope, tree = edi.open_message(raw, max_bytes=5_000_000, max_depth=60)
    way = way_of(tables().ways, envelope, known=False)
    if not isinstance(way, Way):
        return None
    roots = roots_of_hodemelding(tree)
    reading = read(tables().messages[way.table], way.column, roots, roots["MsgHead"], tables().codes)
    return reading, [place for place, _ in leaves(tree, "MsgHead")]


def check_account(reading: Reading, places: list[str]) -> None:
    """Each leaf is read, set aside for a reason, or reported; none twice and none besides."""
    of_leaves = reading.read & set(places)
    assert sorted([*of_leaves, *reading.ignored, *reading.unread]) == sorted(places)
    assert all(reading.ignored.values())
    assert reading.unread == ()


@needs_shared
@pytest.mark.parametrize("file", OFFICIAL)
def test_official_and_constructed_messages_are_read_whole(file: str) -> None:
    """Nothing of them is left unread, nothing is wrong with them, and the facts are those a person reads there."""
    found = reading_of((NORWEGIAN / file).read_bytes())
    assert found is not None
    reading, places = found
    assert reading.findings == ()
    assert OFFICIAL[file].items() <= flat(reading.facts).items()
    assert len(reading.facts["attachments"]) == ATTACHED.get(file.rpartition("/")[2], 0)
    check_account(reading, places)


@needs_shared
def test_the_words_of_a_report_stand_in_the_order_of_trust() -> None:
    """What is asked for goes before what the record says, wherever in the message it stands."""
    found = reading_of((NORWEGIAN / next(iter(OFFICIAL))).read_bytes())
    assert found is not None
    names = [place.rpartition(".")[2].partition("[")[0] for place, _ in found[0].texts]
    assert names[:3] == ["BetegnelseTjeneste", "BeskrivelseAvTjeneste", "Notat"]
    assert "DiagnoseBeskrivelse" in names[3:]


@pytest.mark.parametrize("folder", OURS)
def test_our_own_messages_are_read_whole(folder: str) -> None:
    """Those of the case folders, too, which hold what the official ones have not."""
    found = reading_of((FIXTURES / folder / "in.xml").read_bytes())
    assert found is not None
    check_account(*found)


@pytest.mark.parametrize("folder", sorted(NOT_READ))
def test_what_is_not_read_whole_is_known(folder: str) -> None:
    """So that nothing hides behind an exception that is needed no longer."""
    found = reading_of((FIXTURES / folder / "in.xml").read_bytes())
    assert found is None or [p.rpartition(".")[2] for p in found[0].unread] == ["FileReference[0]"]


def test_there_are_messages_of_our_own_in_every_format() -> None:
    assert len(OURS) >= 25


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-29T01:59:59", "2026-03-29T01:59:59+01:00"),
        ("2026-03-29T02:30:00", "2026-03-29T02:30:00+01:00"),
        ("2026-03-29T03:00:00", "2026-03-29T03:00:00+02:00"),
        ("2026-10-25T01:59:59", "2026-10-25T01:59:59+02:00"),
        ("2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T03:00:00", "2026-10-25T03:00:00+01:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T02:30:00+01:00"),
        ("2026-05-29T13:08:28.362235098+02:00", "2026-05-29T13:08:28+02:00"),
    ],
)
def test_a_time_without_zone_is_one_moment_also_when_clocks_change(written: str, meant: str) -> None:
    """In the hour that is left out the winter's clock goes on; in the hour that comes twice its first time is meant."""
    assert TRANSFORMS["instant"](written) == meant
