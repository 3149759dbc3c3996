"""May this recipient have this now? Vectors, examples of IHE PCF, and what must hold whatever is recorded."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cases import FIXTURES
from hypothesis import given
from hypothesis import strategies as st
from shared_data import SHARED

from adapter.domain.consent import Category, Consent, Deny, Permit, Provision, decide
from adapter.domain.problems import Refused
from adapter.flows import operate
from adapter.flows.consents import consent_of
from adapter.outside.store import migrate, open_store
from adapter.replay import open_stage, read_case
from adapter.replay.case_file import CaseStep, Put
from adapter.replay.stage import Stage

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = Category("plan", ("SHARING",), consent_needed=True, because="IP-f § 9")
PURPOSES = frozenset({"COC", "TREAT"})
HERE, THERE = "999900011", "999900033"
PCF = SHARED / "fhir" / "ihe-pcf"
BASE = "https://ip-adapter.example/fhir"


def says(permits: bool, **limits: Any) -> Provision:
    """A provision for everybody and everything, but for what is given."""
    anything: dict[str, Any] = dict.fromkeys(("organisations", "categories", "purposes"), frozenset())
    return Provision(**{"permits": permits, **anything, "start": None, "end": None, **limits})


YES, NO = says(True), says(False)


def consent(*provisions: Provision, id_: str = "one", **other: Any) -> Consent:
    return Consent(**{"id": id_, "kind": "SHARING", "status": "active", "provisions": provisions, **other})


def decided(*consents: Consent, recipient: str = HERE) -> str:
    said = decide(consents, recipient, PLAN, PURPOSES, AT)
    return "permit" if isinstance(said, Permit) else said.because


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ([], "no-consent"),
        ([consent(YES)], "permit"),
        ([consent(YES, kind="PLAN")], "no-consent"),
        *(
            ([consent(YES, status=s)], "no-consent")
            for s in ("proposed", "rejected", "inactive", "entered-in-error")
        ),
        ([consent(YES, NO)], "denied"),
        ([consent(YES), consent(NO, id_="two")], "denied"),
        ([consent(says(True, organisations={HERE}))], "permit"),
        ([consent(says(True, organisations={THERE}))], "not-permitted"),
        ([consent(YES, says(False, organisations={THERE}))], "permit"),
        ([consent(says(True, categories={"plan"}))], "permit"),
        ([consent(says(True, categories={"need"}))], "not-permitted"),
        ([consent(says(True, purposes={"TREAT", "HRESCH"}))], "permit"),
        ([consent(says(True, purposes={"HRESCH"}))], "not-permitted"),
        ([consent(says(True, end=AT))], "not-permitted"),
        ([consent(says(True, end=AT + DAY))], "permit"),
        ([consent(says(True, start=AT))], "permit"),
        ([consent(says(True, start=AT + DAY))], "not-permitted"),
        ([consent(YES, says(False, end=AT))], "permit"),
        ([consent(YES, end=AT)], "no-consent"),
        ([consent(YES, start=AT + DAY)], "no-consent"),
        ([consent(YES, end=AT), consent(YES, id_="two", start=AT)], "permit"),
        ([consent(YES), consent(NO, id_="two", start=AT + DAY)], "permit"),
        ([consent(YES), consent(says(True, organisations={THERE}), id_="two")], "not-permitted"),
        ([consent()], "not-permitted"),
    ],
)
def test_vectors(consents: list[Consent], expected: str) -> None:
    """The decision of each situation, as law and design have it (IP-f §§ 5 and 9, hpl § 22)."""
    assert decided(*consents) == expected


def test_what_needs_no_consent_passes_whatever_was_refused() -> None:
    """A notice that access has ended reaches whom the person has excluded."""
    notice = replace(PLAN, consent_needed=False)
    assert isinstance(decide([consent(NO)], HERE, notice, PURPOSES, AT), Permit)


def test_a_denial_names_the_consent_that_decided() -> None:
    """The audit can show which consent stopped a message."""
    said = decide([consent(YES), consent(NO, id_="two")], HERE, PLAN, PURPOSES, AT)
    assert said == Deny("denied", ("two",))


_MOMENTS = st.sampled_from([None, *(AT + n * DAY for n in (-2, -1, 0, 1, 2))])
_PROVISIONS = st.builds(
    Provision,
    permits=st.booleans(),
    organisations=st.frozensets(st.sampled_from([HERE, THERE])),
    categories=st.frozensets(st.sampled_from(["plan", "need"])),
    purposes=st.frozensets(st.sampled_from(["COC", "HRESCH"])),
    start=_MOMENTS,
    end=_MOMENTS,
)
_CONSENTS = st.lists(
    st.builds(
        Consent,
        id=st.uuids().map(str),
        kind=st.sampled_from(["SHARING", "SHARING", "PLAN"]),
        status=st.sampled_from(["active", "active", "inactive"]),
        provisions=st.lists(_PROVISIONS, max_size=4).map(tuple),
        start=_MOMENTS,
        end=_MOMENTS,
    ),
    max_size=4,
)


@given(_CONSENTS, st.data())
def test_taking_a_permit_away_opens_nothing(consents: list[Consent], data: st.DataObject) -> None:
    """Where it was no, it is still no without one of the permits."""
    permits = [(c, p) for c in consents for p in c.provisions if p.permits]
    if decided(*consents) == "permit" or not permits:
        return
    of, gone = data.draw(st.sampled_from(permits))
    less = [
        replace(c, provisions=tuple(p for p in c.provisions if p is not gone)) if c is of else c
        for c in consents
    ]
    assert decided(*less) != "permit"


@given(_CONSENTS, _PROVISIONS, st.data())
def test_one_more_no_opens_nothing(consents: list[Consent], one: Provision, data: st.DataObject) -> None:
    """Where it was no, it is still no with another denial, in a consent that stands or in its own."""
    if decided(*consents) == "permit":
        return
    denial = replace(one, permits=False)
    assert decided(*consents, consent(denial, id_="more")) != "permit"
    if consents:
        of = data.draw(st.sampled_from(consents))
        more = [replace(c, provisions=(*c.provisions, denial)) if c is of else c for c in consents]
        assert decided(*more) != "permit"


@given(_CONSENTS, st.randoms())
def test_order_does_not_matter(consents: list[Consent], random: Any) -> None:
    """The same consents in another order give the same decision, on the same grounds."""
    other = [replace(c, provisions=tuple(random.sample(c.provisions, len(c.provisions)))) for c in consents]
    random.shuffle(other)
    said, again = (decide(c, HERE, PLAN, PURPOSES, AT) for c in (consents, other))
    assert said == again


@given(_CONSENTS)
def test_without_an_active_consent_of_the_kind_it_is_no(consents: list[Consent]) -> None:
    """Nothing else that is recorded opens the plan."""
    others = [c for c in consents if c.kind != "SHARING" or c.status != "active"]
    assert decided(*others) == "no-consent"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    url = f"sqlite:///{tmp_path / 'case.db'}"
    migrate(url)
    store = open_store(url)
    yield open_stage(FIXTURES / "follow" / "wrong-addressee-is-rerouted", store)
    store.close()


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("consent-basic-treat", "permit"),
        ("consent-basic-ink", "permit"),
        ("consent-basic-reject", "denied"),
        ("consent-basic-research", "not-permitted"),
        ("consent-intermediate-purpose", "not-permitted"),
        ("consent-intermediate-timeframe", "not-permitted"),
        ("consent-intermediate-authoredby", "not-permitted"),
        ("consent-intermediate-not-data", "denied"),
        ("consent-advanced-normal-restricted", "not-permitted"),
        ("consent-advanced-normal-focused-psy", "not-permitted"),
        ("dissent-intermediate-break-glass", "denied"),
    ],
)
@pytest.mark.skipif(
    not PCF.is_dir(), reason="the examples of IHE PCF (../shared/data) are not beside this project"
)
def test_examples_of_ihe_pcf(stage: Stage, example: str, expected: str) -> None:
    """An example that says it is about sharing is read as IHE means it; limits we cannot follow permit nothing."""
    resource = json.loads((PCF / f"Consent-ex-{example}.json").read_text(encoding="utf-8"))
    kind = {"coding": [{"system": f"{BASE}/CodeSystem/consent-kind", "code": "SHARING"}]}
    resource["category"] = [*resource["category"], kind]
    assert decided(consent_of(resource, (), stage.parts)) == expected


@pytest.mark.parametrize(
    ("end", "last", "after"),
    [
        ("2026-03-10", "2026-03-10T22:59:59+00:00", "2026-03-10T23:00:00+00:00"),
        ("2026-03", "2026-03-31T21:59:59+00:00", "2026-03-31T22:00:00+00:00"),
        ("2026", "2026-12-31T22:59:59+00:00", "2026-12-31T23:00:00+00:00"),
        ("2026-03-10T12:00:00+01:00", "2026-03-10T10:59:59+00:00", "2026-03-10T11:00:00+00:00"),
    ],
)
def test_a_period_includes_its_last_day(stage: Stage, end: str, last: str, after: str) -> None:
    """FHIR: the end of a period counts whole at its own precision; a date is a day in Norway."""
    resource = {
        "resourceType": "Consent",
        "id": "one",
        "status": "active",
        "category": [{"coding": [{"system": f"{BASE}/CodeSystem/consent-kind", "code": "SHARING"}]}],
        "patient": {"reference": "Patient/one"},
        "provision": {"type": "permit", "period": {"start": "2026-01", "end": end}},
    }
    given_ = consent_of(resource, (), stage.parts)
    for moment, permitted in ((last, True), (after, False)):
        said = decide([given_], HERE, PLAN, PURPOSES, datetime.fromisoformat(moment))
        assert isinstance(said, Permit) is permitted


def test_nobody_sends_on_a_case_whose_consent_was_taken_back(stage: Stage) -> None:
    """An operator's release neither sends the need nor brings the consent back to life."""
    for step in read_case(stage.folder).steps[:3]:
        stage.play(step)
    withdrawn = Put(resource="Consent", by="hospital", change={"status": "inactive"})
    stage.play(CaseStep(put=withdrawn))
    with pytest.raises(Refused) as refused:
        operate.release(stage.cases[-1], "8900022", "operator", "They took it.", stage.parts)
    assert [finding.problem for finding in refused.value.findings] == ["consent-refused"]
    with stage.parts.store.transaction() as tx:
        assert [v.body["status"] for v in tx.of_case(stage.cases[-1]) if v.type == "Consent"] == ["inactive"]
