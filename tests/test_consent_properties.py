"""What holds of the decision whatever is recorded: hypothesis looks for consents of which it does not."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cases import FIXTURES, empty_database
from hypothesis import given
from hypothesis import strategies as st

from adapter.domain.case import Version
from adapter.domain.consent import Category, Consent, Deny, Permit, SharingByLaw, decide
from adapter.domain.provision import Actor, Meant, Provision, Recipient, Says, Wish, Written, said
from adapter.flows.consents import consents_of
from adapter.outside.store import open_store
from adapter.replay import open_stage
from adapter.replay.stage import Stage

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HERE, THERE = "999900011", "999900033"
PLAN = Category("plan", ("SHARING",), consent_needed=True, because="IP-f § 9", labels=frozenset({"N"}))
BY_LAW = replace(PLAN, law=SharingByLaw("HPL25", frozenset({HERE})))
PURPOSES = frozenset({"COC", "TREAT"})

_MOMENTS = st.sampled_from([None, None, *(AT + n * DAY for n in (-2, -1, 0, 1, 2))])
_ACTORS = st.sampled_from(
    [
        Actor(frozenset({HERE}), whole=True),
        Actor(frozenset({THERE}), whole=True),
        Actor(frozenset({HERE}), "8900012"),
        Actor(frozenset({HERE})),
        Actor(frozenset()),
        Actor(frozenset(), whole=True),
    ]
)
_NAMES = st.frozensets(st.sampled_from(["plan", "need", "?", "?plan"]), max_size=2)
_WRITTEN = st.none() | st.builds(Written, _MOMENTS, _MOMENTS, st.sampled_from([None, AT - DAY, AT]))


def _provisions(exceptions: st.SearchStrategy[tuple[Provision, ...]]) -> st.SearchStrategy[Provision]:
    return st.builds(
        Provision,
        permits=st.booleans(),
        actors=st.frozensets(_ACTORS, max_size=2),
        information=st.lists(_NAMES, max_size=2).map(tuple),
        labels=st.sampled_from([frozenset(), frozenset({"N"}), frozenset({"R"}), frozenset({"?"})]),
        purposes=st.frozensets(st.sampled_from(["COC", "HRESCH", "?"]), max_size=2),
        start=_MOMENTS,
        end=_MOMENTS,
        written=_WRITTEN,
        unclear=st.sampled_from([False, False, False, True]),
        exceptions=exceptions,
    )


_NESTED = st.recursive(
    _provisions(st.just(())),
    lambda inner: _provisions(st.lists(inner, max_size=3).map(tuple)),
    max_leaves=6,
)


def _consents(kinds: list[str], statuses: list[str], **limits: Any) -> st.SearchStrategy[Consent]:
    bounds = {"start": _MOMENTS, "end": _MOMENTS} | limits
    provision = st.none() | _NESTED
    ids = st.sampled_from([f"c{n}" for n in range(5)])
    return st.builds(
        Consent,
        id=ids,
        kind=st.sampled_from(kinds),
        status=st.sampled_from(statuses),
        provision=provision,
        **bounds,
    )


_ANY = _consents(
    ["SHARING", "SHARING", "PLAN", "OBJECTION", "BLOCK"],
    ["active", "active", "active", "inactive", "rejected", "proposed"],
    replaces=st.frozensets(st.sampled_from([f"c{n}" for n in range(5)]), max_size=1),
)
_SEVERAL = st.lists(_ANY, max_size=4, unique_by=lambda consent: consent.id)
_CATEGORIES = st.sampled_from([PLAN, BY_LAW])
_RECIPIENTS = st.sampled_from([Recipient(HERE), Recipient(HERE, "8900012"), Recipient(THERE)])


def decided(consents: list[Consent], to: Recipient, category: Category) -> Permit | Deny:
    return decide(consents, to, category, PURPOSES, AT)


@given(_SEVERAL, _consents(["SHARING"], ["active"]), _RECIPIENTS, _CATEGORIES)
def test_a_permit_overrides_no_denial(
    consents: list[Consent], more: Consent, to: Recipient, category: Category
) -> None:
    """What is denied or objected to stays so, on the same grounds, whatever else the person permits."""
    before = decided(consents, to, category)
    permit = replace(more, id="more", provision=Provision(permits=True))
    after = decided([*consents, permit], to, category)
    if isinstance(before, Deny) and before.because in ("denied", "objected"):
        assert after == before


@given(
    _SEVERAL, _consents(["OBJECTION", "BLOCK"], ["active", "inactive", "proposed"]), _RECIPIENTS, _CATEGORIES
)
def test_an_objection_opens_nothing(
    consents: list[Consent], more: Consent, to: Recipient, category: Category
) -> None:
    """Where it was no, it is no with one more objection, whatever exceptions that makes."""
    if isinstance(decided(consents, to, category), Deny):
        assert isinstance(decided([*consents, replace(more, id="more")], to, category), Deny)


@given(_SEVERAL, _consents(["SHARING", "OBJECTION"], ["active"], end=st.just(AT)), _RECIPIENTS, _CATEGORIES)
def test_one_that_has_run_out_equals_none(
    consents: list[Consent], more: Consent, to: Recipient, category: Category
) -> None:
    """A consent or an objection that ended just now changes no decision (IHE PCF: expired is as if not there)."""
    over = replace(more, id="more", start=None)
    assert decided([*consents, over], to, category) == decided(consents, to, category)


@given(_SEVERAL, _RECIPIENTS, _CATEGORIES, st.randoms())
def test_order_does_not_matter(
    consents: list[Consent], to: Recipient, category: Category, chance: random.Random
) -> None:
    """The same consents, and the same exceptions, in another order: the same decision on the same grounds."""
    other = [replace(c, provision=c.provision and _shuffled(c.provision, chance)) for c in consents]
    chance.shuffle(other)
    assert decided(other, to, category) == decided(consents, to, category)


def _shuffled(provision: Provision, chance: random.Random) -> Provision:
    inner = [_shuffled(one, chance) for one in provision.exceptions]
    chance.shuffle(inner)
    return replace(provision, exceptions=tuple(inner))


@given(_SEVERAL, _RECIPIENTS, _CATEGORIES, st.randoms())
def test_a_limit_that_nobody_follows_opens_nothing(
    consents: list[Consent], to: Recipient, category: Category, chance: random.Random
) -> None:
    """Where it was no, it is no when some provision, permit or denial, is limited in a way nobody can follow."""
    doubtful = [replace(c, provision=c.provision and _in_doubt(c.provision, chance)) for c in consents]
    if isinstance(decided(consents, to, PLAN), Deny):
        assert isinstance(decided(doubtful, to, PLAN), Deny)


def _in_doubt(provision: Provision, chance: random.Random) -> Provision:
    inner = tuple(_in_doubt(one, chance) for one in provision.exceptions)
    return replace(provision, exceptions=inner, unclear=provision.unclear or chance.random() < 0.5)


@given(_NESTED, _RECIPIENTS)
def test_what_is_clear_has_one_answer_and_it_is_the_plain_one(provision: Provision, to: Recipient) -> None:
    """Without doubt, the innermost exceptions that mean a wish decide, and of these a denial, on every way down."""
    wish = Wish(to, frozenset({"plan"}), PLAN.labels, PURPOSES, AT)
    if not any(one.takes_in(wish) is Meant.PERHAPS for one in _all(provision)):
        assert said(provision, wish) == {_plainly(provision, wish)}


def _all(provision: Provision) -> Iterator[Provision]:
    yield provision
    for one in provision.exceptions:
        yield from _all(one)


def _plainly(provision: Provision, wish: Wish) -> Says:
    inner = {_plainly(one, wish) for one in provision.exceptions}
    if Says.DENY in inner:
        return Says.DENY
    if provision.takes_in(wish) is Meant.NO:
        return Says.NOTHING
    own = Says.PERMIT if provision.permits else Says.DENY
    return Says.PERMIT if Says.PERMIT in inner else own


@given(_SEVERAL, _consents(["SHARING"], ["active", "inactive"]), _RECIPIENTS)
def test_what_is_replaced_permits_nothing_more(consents: list[Consent], more: Consent, to: Recipient) -> None:
    """A consent that another was given in place of is no ground for a permit, also when that other is over."""
    if not consents:
        return
    after = replace(more, id="more", start=AT - DAY, replaces=frozenset({consents[0].id}))
    same_kind = replace(after, kind=consents[0].kind)
    decision = decided([*consents, same_kind], to, PLAN)
    assert not (isinstance(decision, Permit) and consents[0].id in decision.consents)


@given(st.lists(st.frozensets(st.integers(0, 4)), min_size=1, max_size=5), _CATEGORIES)
def test_denials_given_in_place_of_each_other_stay_a_no(
    graph: list[frozenset[int]], category: Category
) -> None:
    """In whatever order, or in a ring: where the person has only said no since, no permission beside them opens."""
    no, yes = Provision(permits=False), Provision(permits=True)
    denials = [
        Consent(f"c{n}", "SHARING", "active", no, replaces=frozenset(f"c{m}" for m in before))
        for n, before in enumerate(graph)
    ]
    beside = Consent("yes", "SHARING", "active", yes)
    assert isinstance(decided([*denials, beside], Recipient(HERE), category), Deny)


@given(_SEVERAL)
def test_law_opens_only_where_nobody_has_objected(consents: list[Consent]) -> None:
    """Sharing by law needs that no consent in force, refused or withdrawn speaks against it, and a recipient named."""
    for organisation in (HERE, THERE):
        said_ = decide(consents, organisation, BY_LAW, PURPOSES, AT)
        if isinstance(said_, Permit) and said_.because == "law":
            against = {"rejected", "inactive"}
            assert organisation == HERE
            assert said_.consents == ("HPL25",)
            assert not any(c.kind == "SHARING" and c.status in against for c in consents)
            assert decide(consents, organisation, PLAN, PURPOSES, AT) == Deny("no-consent")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    store = open_store(f"sqlite:///{empty_database(tmp_path_factory.mktemp('properties') / 'case.db')}")
    yield open_stage(FIXTURES / "consent" / "expired", store)
    store.close()


@given(st.lists(st.sampled_from(["permit", "deny"]), max_size=3), st.booleans())
def test_a_consent_of_another_person_changes_nothing(stage: Stage, types: list[str], own: bool) -> None:
    """Whatever it says, and whether or not the person has one, it is not among the consents of the case."""
    person = _version({"resourceType": "Patient", "id": "person"})
    mine = [_recorded(stage, "mine", "person", "permit")] if own else []
    others = [_recorded(stage, f"other-{n}", "another", type_) for n, type_ in enumerate(types)]
    alone = consents_of([person, *mine], stage.parts)
    assert consents_of([person, *others, *mine], stage.parts) == alone
    assert len(alone) == len(mine)


def _recorded(stage: Stage, id_: str, patient: str, type_: str) -> Version:
    kind = {"system": f"{stage.parts.base}/CodeSystem/consent-kind", "code": "SHARING"}
    return _version(
        {
            "resourceType": "Consent",
            "id": id_,
            "status": "active",
            "category": [{"coding": [kind]}],
            "patient": {"reference": f"Patient/{patient}"},
            "provision": {"type": type_},
        }
    )


def _version(body: dict[str, Any]) -> Version:
    return Version(body["resourceType"], body["id"], 1, "case", AT, HERE, "test", body)
