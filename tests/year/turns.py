"""What becomes of some cases beyond the usual: replies, offers, moves, stays, deaths, complaints, telephone, XML."""

from collections.abc import Callable
from dataclasses import replace

from adapter.flows.purge_asked import asked_to_purge
from tests.day.case import Case
from tests.day.letters import named
from tests.day.run import HOSPITALS

from .clock import DAY
from .lives import came, granted, reported, taken_on
from .people import XML_UNITS
from .words import NEXT_UNIT, purged
from .world import Life, World, days


def interim_and_offer(world: World, case: Case) -> Life:
    """It takes longer, which the unit says; a coordinator is offered, mostly declined first, and appointed."""
    yield from reported(world, case)
    yield from taken_on(world, case)
    world.step(case, "interim")
    yield days(world.chance, 5, 40)
    for name in ("decide", "offer"):
        world.step(case, name)
    yield days(world.chance, 1, 20)
    if world.chance.random() < 0.6:
        world.step(case, "decline-offer")
        yield days(world.chance, 1, 30)
        world.step(case, "offer")
    if world.chance.random() < 0.7:
        yield days(world.chance, 0.1, 5)
        world.step(case, "appoint")


def lapsed(world: World, case: Case) -> Life:
    """Concluded without a decision, and half of these are taken up again."""
    yield from reported(world, case)
    yield from taken_on(world, case)
    world.step(case, "conclude")
    yield days(world.chance, 2, 20)
    if world.chance.random() < 0.5:
        world.step(case, "reopen")
        yield days(world.chance, 2, 40)
        world.step(case, "decide")


def complained(world: World, case: Case) -> Life:
    """A refusal that the person complains about; the unit changes its mind, or sends it on."""
    yield from reported(world, case)
    yield from taken_on(world, case)
    world.step(case, "refuse")
    yield days(world.chance, 2, 20)
    world.step(case, "complain")
    yield days(world.chance, 3, 40)
    if world.chance.random() < 0.4:
        world.step(case, "reverse-complaint")
        world.step(case, "reopen")
        yield days(world.chance, 1, 9)
        world.step(case, "decide")
        return
    world.step(case, "forward-complaint")
    yield days(world.chance, 10, 60)
    world.step(case, "uphold-complaint")


def moved(world: World, case: Case) -> Life:
    """Granted with a plan; then the person moves: the next unit takes it over, declines, or is not asked after all."""
    yield from until_in_force(world, case)
    for name in ("consent-hand-over", "propose-hand-over"):
        world.step(case, name)
    yield days(world.chance, 0.5, 25)
    what = world.chance.choice(("accept", "accept", "decline", "withdraw"))
    if world.step(case, f"{what}-hand-over") == 200 and what == "accept":
        case.owner = NEXT_UNIT
        yield days(world.chance, 2, 30)
        world.step(case, "decide")


def until_in_force(world: World, case: Case) -> Life:
    """As granted, until there is a plan."""
    for wait in granted(world, case):
        yield wait
        if "in-force" in world.milestones.get(case.letter.need, ()):
            return


def stays(world: World, case: Case) -> Life:
    """In the hospital and out of it, with a note; then refused."""
    yield from reported(world, case)
    yield from came(world, case)
    for what in ("admitted", "note", "ready", "discharged"):
        yield days(world.chance, 0.2, 3)
        world.tells(case, what)
    yield from taken_on(world, case)
    world.step(case, "refuse")


def died(world: World, case: Case) -> Life:
    """The hospital tells of a death while the case goes on: half by a message of its own, a third in error."""
    life, until = granted(world, case), world.clock() + days(world.chance, 4, 60)
    for wait in life:
        if world.clock() + wait >= until:
            break
        yield wait
    by_message = world.chance.random() < 0.5
    _death(world, case, by_message, dead=True)
    if world.chance.random() < 0.33:
        yield days(world.chance, 0.1, 4)
        _death(world, case, by_message, dead=False)
    else:
        case.over = True
        world.dead.add(case.letter.need)


def _death(world: World, case: Case, by_message: bool, *, dead: bool) -> None:
    if by_message:
        world.tells(case, "died" if dead else "not-died")
    else:
        world.says_deceased(case, dead)


def by_telephone(world: World, case: Case) -> Life:
    """The hospital rings, and says later by a message when the person can come home."""
    world.rings(case)
    yield DAY / 24
    world.tells(case, "ready")
    yield from taken_on(world, case)
    world.step(case, "decide")


def second_hospital(world: World, case: Case) -> Life:
    """Another hospital reports the same person to the same unit, where the plan is in the making."""
    letter = case.letter
    other = HOSPITALS[1 - HOSPITALS.index(letter.sender)]
    again = Case(replace(letter, need=named("second", letter.need), sender=other), "fhir")
    world.begins(world.clock() + days(world.chance, 5, 60), lapsed(world, again))
    yield from granted(world, case)


def by_notes(world: World, case: Case) -> Life:
    """A unit that reads and writes XML only: it asks by a message, is answered by one, and says something more."""
    case.letter = replace(case.letter, receiver=world.chance.choice(XML_UNITS))
    yield from reported(world, case)
    yield from came(world, case)
    for what in ("question", "reply", "word", "note"):
        yield days(world.chance, 0.5, 9)
        world.tells(case, what)
        if what == "question":
            world.milestones[case.letter.need].setdefault("opened", world.clock())


def returned(world: World, case: Case) -> Life:
    """A wrong addressee that is asked to purge what it got: half of these say that they have."""
    yield from reported(world, case)
    yield from came(world, case)
    yield days(world.chance, 0.2, 4)
    first = case.owner
    world.step(case, "reject-addressee")
    yield days(world.chance, 0.5, 15)
    if first and world.chance.random() < 0.5:
        for task in asked_of(world, case, first.number):
            world.step(case, "purged", purged(task, first.number, world.clock()))
    while case.owner == first:
        yield DAY / 4
    yield from taken_on(world, case)
    world.step(case, "decide")


def asked_of(world: World, case: Case, unit: str) -> list[str]:
    """The Tasks (ids) by which a unit (organisation number) is asked to purge what it got of a case."""
    with world.parts.store.transaction() as tx:
        versions = tx.of_case(world.id_of(case))
    return [version.id for version in asked_to_purge(versions, world.parts).get(unit, ())]


def corrected_late(world: World, case: Case) -> Life:
    """The hospital adds something when the unit has decided: nobody is asked anew for an answer that is given."""
    yield from reported(world, case)
    yield from taken_on(world, case)
    world.step(case, "decide")
    yield days(world.chance, 0.2, 20)
    world.notify(case, event="need-corrected", door="fhir")
    yield days(world.chance, 5, 30)
    world.step(case, "appoint")


TURNS: tuple[tuple[float, Callable[[World, Case], Life]], ...] = (
    (0.04, interim_and_offer),
    (0.03, lapsed),
    (0.03, complained),
    (0.04, moved),
    (0.03, stays),
    (0.03, died),
    (0.03, by_telephone),
    (0.03, second_hospital),
    (0.03, by_notes),
    (0.03, returned),
    (0.03, corrected_late),
)
