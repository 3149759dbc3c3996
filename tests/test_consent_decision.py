"""May this recipient have this now? The decision of each situation, and how a Consent is read for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cases import FIXTURES, empty_database

from adapter.domain.consent import Category, Consent, Deny, Ground, Permit, SharingByLaw, decide, grounds
from adapter.domain.problems import Refused
from adapter.domain.provision import Actor, Provision, Recipient, Written
from adapter.flows import operate
from adapter.flows.consents import consent_of
from adapter.outside.store import open_store
from adapter.replay import open_stage, read_case
from adapter.replay.case_file import CaseStep, Put
from adapter.replay.stage import Stage

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = Category("plan", ("SHARING",), consent_needed=True, because="IP-f § 9")
SCHOOL_PART = replace(PLAN, name="school", within="plan")
PURPOSES = frozenset({"COC", "TREAT"})
HERE, THERE = "999900011", "999900033"
SERVICE = "8900012"
BASE = "https://ip-adapter.example/fhir"


def says(permits: bool, *exceptions: Provision, to: str = "", about: str = "", **limits: Any) -> Provision:
    """A provision for everybody and everything, but for what is given."""
    if to:
        limits["actors"] = frozenset({Actor(frozenset({to}), whole=True)})
    if about:
        limits["information"] = (frozenset({about}),)
    return Provision(permits, exceptions=exceptions, **limits)


YES, NO = says(True), says(False)


def consent(provision: Provision | None, id_: str = "one", **other: Any) -> Consent:
    return Consent(**{"id": id_, "kind": "SHARING", "status": "active", "provision": provision, **other})


def decided(*consents: Consent, recipient: str | Recipient = HERE, category: Category = PLAN) -> str:
    said = decide(consents, recipient, category, PURPOSES, AT)
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
        ([consent(says(True, NO))], "denied"),
        ([consent(YES), consent(NO, "two")], "denied"),
        ([consent(says(True, to=HERE))], "permit"),
        ([consent(says(True, to=THERE))], "not-permitted"),
        ([consent(says(True, says(False, to=THERE)))], "permit"),
        ([consent(says(True, about="plan"))], "permit"),
        ([consent(says(True, about="need"))], "not-permitted"),
        ([consent(says(True, purposes=frozenset({"TREAT", "HRESCH"})))], "permit"),
        ([consent(says(True, purposes=frozenset({"HRESCH"})))], "not-permitted"),
        ([consent(says(True, end=AT))], "not-permitted"),
        ([consent(says(True, end=AT + DAY))], "permit"),
        ([consent(says(True, start=AT))], "permit"),
        ([consent(says(True, start=AT + DAY))], "not-permitted"),
        ([consent(says(True, says(False, end=AT)))], "permit"),
        ([consent(YES, end=AT)], "no-consent"),
        ([consent(YES, start=AT + DAY)], "no-consent"),
        ([consent(YES, end=AT), consent(YES, "two", start=AT)], "permit"),
        ([consent(YES), consent(NO, "two", start=AT + DAY)], "permit"),
        ([consent(YES), consent(says(True, to=THERE), "two")], "not-permitted"),
        ([consent(None)], "not-permitted"),
        # an exception of an exception gives back, but not what another consent denies
        ([consent(says(True, says(False, says(True, to=HERE))))], "permit"),
        ([consent(says(True, says(False, says(True, to=THERE))))], "denied"),
        ([consent(says(True, says(False, says(True, NO, to=HERE))))], "denied"),
        ([consent(says(True, says(False, YES))), consent(says(True, says(False, to=HERE)), "two")], "denied"),
        ([consent(says(False, says(True, to=HERE)))], "permit"),
        # an exception permits within what it is one of, and denies wherever it stands
        ([consent(says(True, says(True, to=HERE), to=THERE))], "not-permitted"),
        ([consent(says(True, says(False, to=HERE), to=THERE))], "denied"),
        # a limit that nobody can follow
        ([consent(says(True, unclear=True))], "not-permitted"),
        ([consent(says(False, unclear=True))], "denied"),
        ([consent(says(True, says(False, says(True, unclear=True))))], "denied"),
        ([consent(says(True, about="?"))], "not-permitted"),
        ([consent(says(True, says(False, about="?plan")))], "denied"),
        ([consent(says(True, says(False, about="?need")))], "permit"),
        # what was written when
        ([consent(says(True, written=Written(AT - DAY, None, AT - DAY)))], "permit"),
        ([consent(says(True, written=Written(AT, None, AT - DAY)))], "not-permitted"),
        ([consent(says(True, says(False, written=Written(AT, None, AT - DAY))))], "denied"),
        ([consent(says(True, says(False, written=Written(None, AT - DAY, AT - DAY))))], "permit"),
        ([consent(says(True, says(False, written=Written(None, AT - DAY, None))))], "denied"),
        # objections
        ([consent(YES), consent(NO, "two", kind="OBJECTION")], "objected"),
        ([consent(YES), consent(None, "two", kind="BLOCK")], "objected"),
        ([consent(YES), consent(says(False, to=THERE), "two", kind="BLOCK")], "permit"),
        ([consent(YES), consent(says(False, says(True, to=HERE)), "two", kind="OBJECTION")], "permit"),
        ([consent(says(False, says(True, to=HERE)), kind="OBJECTION")], "no-consent"),
        ([consent(YES), consent(YES, "two", kind="OBJECTION")], "objected"),
        ([consent(YES), consent(NO, "two", kind="OBJECTION", status="inactive")], "permit"),
        # one given in place of another
        ([consent(NO), consent(YES, "two", replaces=frozenset({"one"}))], "permit"),
        ([consent(YES), consent(says(True, to=THERE), "two", replaces=frozenset({"one"}))], "not-permitted"),
        ([consent(YES), consent(YES, "two", status="inactive", replaces=frozenset({"one"}))], "no-consent"),
        ([consent(YES), consent(YES, "two", end=AT, replaces=frozenset({"one"}))], "no-consent"),
        ([consent(NO), consent(YES, "two", end=AT, replaces=frozenset({"one"}))], "denied"),
        ([consent(YES), consent(YES, "two", start=AT + DAY, replaces=frozenset({"one"}))], "permit"),
        ([consent(YES), consent(YES, "two", status="proposed", replaces=frozenset({"one"}))], "permit"),
        ([consent(NO), consent(YES, "two", kind="PLAN", replaces=frozenset({"one"}))], "denied"),
        ([consent(YES, replaces=frozenset({"one"}))], "permit"),
    ],
)
def test_vectors(consents: list[Consent], expected: str) -> None:
    """The decision of each situation, as law and design have it (IP-f §§ 5 and 9, hpl §§ 22 and 29)."""
    assert decided(*consents) == expected


@pytest.mark.parametrize(
    ("actor", "to", "permitted", "denied"),
    [
        (Actor(frozenset({HERE}), SERVICE), Recipient(HERE), False, True),
        (Actor(frozenset({HERE}), SERVICE), Recipient(HERE, SERVICE), True, True),
        (Actor(frozenset({HERE}), SERVICE), Recipient(HERE, "8900011"), False, False),
        (Actor(frozenset({HERE}), SERVICE), Recipient(THERE), False, False),
        (Actor(frozenset(), "8900055"), Recipient(HERE, SERVICE), False, True),
        (Actor(frozenset({HERE})), Recipient(HERE), False, True),
        (Actor(frozenset({HERE})), Recipient(HERE, SERVICE), False, True),
        (Actor(frozenset({HERE})), Recipient(THERE), False, False),
        (Actor(frozenset()), Recipient(HERE), False, True),
        (Actor(frozenset(), whole=True), Recipient(HERE), False, False),
    ],
)
def test_who_is_narrower_than_an_organisation(
    actor: Actor, to: Recipient, permitted: bool, denied: bool
) -> None:
    """A permit for a service, a person or a role is for an address that is it; a denial keeps back what cannot be
    kept from it (R-045)."""
    named = frozenset({actor})
    assert (decided(consent(Provision(True, named)), recipient=to) == "permit") is permitted
    assert (decided(consent(says(True, Provision(False, named))), recipient=to) == "denied") is denied


@pytest.mark.parametrize(
    ("provision", "plan", "part"),
    [
        (YES, "permit", "permit"),
        (says(True, about="plan"), "permit", "permit"),
        (says(True, about="school"), "not-permitted", "permit"),
        (says(True, says(False, about="school")), "permit", "denied"),
        (says(True, says(False, says(True, about="school"), about="plan")), "denied", "permit"),
        (says(True, labels=frozenset({"N"})), "not-permitted", "not-permitted"),
        (says(True, says(False, labels=frozenset({"R"}))), "denied", "denied"),
    ],
)
def test_what_is_said_of_the_plan_is_said_of_its_parts(provision: Provision, plan: str, part: str) -> None:
    """Not the other way round; and security labels say nothing for sure of what has none (R-043)."""
    assert decided(consent(provision)) == plan
    assert decided(consent(provision), category=SCHOOL_PART) == part


def test_what_needs_no_consent_passes_whatever_was_refused() -> None:
    """A notice that access has ended reaches whom the person has excluded, or has objected to."""
    notice = replace(PLAN, consent_needed=False)
    against = [consent(NO), consent(None, "two", kind="OBJECTION")]
    assert isinstance(decide(against, HERE, notice, PURPOSES, AT), Permit)


def test_a_decision_names_the_consents_that_made_it() -> None:
    """The audit can show which consents let a message go or stopped it, and an account what each came to."""
    recorded = [consent(YES), consent(NO, "two"), consent(YES, "three", end=AT)]
    assert decide(recorded, HERE, PLAN, PURPOSES, AT) == Deny("denied", ("two",))
    assert decide(recorded[:1], HERE, PLAN, PURPOSES, AT) == Permit("consent", ("one",))
    assert grounds(recorded, Recipient(HERE), PLAN, PURPOSES, AT) == (
        Ground("one", "permits"),
        Ground("three", "run-out"),
        Ground("two", "denies"),
    )


@pytest.mark.parametrize(
    ("consents", "expected"),
    [
        ([], "permit"),
        ([consent(YES, end=AT)], "permit"),
        ([consent(YES, kind="PLAN")], "permit"),
        ([consent(YES, status="rejected")], "no-consent"),
        ([consent(YES, status="inactive")], "no-consent"),
        ([consent(says(True, to=THERE))], "not-permitted"),
        ([consent(None, kind="OBJECTION")], "objected"),
        ([consent(says(False, to=THERE), kind="OBJECTION")], "permit"),
    ],
)
def test_law_lets_pass_what_nobody_has_objected_to(consents: list[Consent], expected: str) -> None:
    """Only where it is configured, for whom it names, and not where the person has said no (hpl §§ 25, 29)."""
    by_law = replace(PLAN, law=SharingByLaw("HPL25", frozenset({HERE})))
    assert decided(*consents, category=by_law) == expected
    assert decided(category=by_law, recipient=THERE) == "no-consent"
    assert decided(category=PLAN) == "no-consent"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    store = open_store(f"sqlite:///{empty_database(tmp_path / 'case.db')}")
    yield open_stage(FIXTURES / "follow" / "wrong-addressee-is-rerouted", store)
    store.close()


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
