"""What becomes of a case: one generator for each way it can go, drawn by the shares of a usual year."""

import random
from collections.abc import Callable
from datetime import timedelta

from tests.day.case import Case
from tests.day.letters import FIXTURES, PLAIN, UNCERTAIN, WITHOUT_CONSENT

from .clock import DAY
from .people import UNITS
from .world import Life, World, days

HOUR = timedelta(hours=1)


def granted(world: World, case: Case) -> Life:
    """Opened, decided, a coordinator, a plan, and versions of the plan for as long as the year lasts."""
    yield from reported(world, case)
    yield from taken_on(world, case)
    for name in ("consent-plan", "consent-sharing", "decide"):
        world.step(case, name)
    late = world.chance.random() < 0.15
    yield days(world.chance, 25, 60) if late else days(world.chance, 1, 18)
    for name in ("appoint", "team", "plan"):
        world.step(case, name)
    while True:
        yield days(world.chance, 50, 120)
        world.step(case, "update-plan")
        case.version += 1


def withdrawn(world: World, case: Case) -> Life:
    """As granted; then the person takes back that the hospital may have the plan."""
    life = granted(world, case)
    for wait in life:
        yield wait
        if "in-force" in world.milestones[case.letter.need]:
            break
    yield days(world.chance, 1, 30)
    world.step(case, "withdraw-sharing")
    yield days(world.chance, 30, 60)
    world.step(case, "update-plan")


def refused(world: World, case: Case) -> Life:
    """A person at the unit refuses."""
    yield from reported(world, case)
    yield from taken_on(world, case)
    world.step(case, "refuse")


def opened_late(world: World, case: Case) -> Life:
    """Nobody opens it for weeks, then it goes as any other."""
    yield from reported(world, case)
    yield from came(world, case)
    yield days(world.chance, 10, 70)
    for name in ("open", "accept", "consent-plan", "decide", "appoint"):
        yield days(world.chance, 0.1, 3)
        world.step(case, name)


def silent(world: World, case: Case) -> Life:
    """The unit never does anything."""
    yield from reported(world, case)


def no_coordinator(world: World, case: Case) -> Life:
    """Granted, and nobody is appointed."""
    yield from reported(world, case)
    yield from taken_on(world, case)
    world.step(case, "decide")


def wrong_addressee(world: World, case: Case) -> Life:
    """The unit says whose it is, and that unit takes it on."""
    yield from reported(world, case)
    yield from came(world, case)
    yield days(world.chance, 0.2, 4)
    first = case.owner
    world.step(case, "reject-addressee")
    while case.owner == first:
        yield 6 * HOUR
    yield from taken_on(world, case)
    world.step(case, "refuse")


def cancelled(world: World, case: Case) -> Life:
    """The hospital takes it back, at any time: it may cross with what the unit does."""
    life = granted(world, case)
    until = world.clock() + days(world.chance, 0.01, 12)
    for wait in life:
        if world.clock() + wait >= until:
            break
        yield wait
    yield max(until - world.clock(), HOUR)
    if "appointed" not in world.milestones[case.letter.need]:
        case.over = True
        world.notify(case, event="need-cancelled", door="fhir")


def corrected(world: World, case: Case) -> Life:
    """The hospital adds to what it has said, before or after the unit has begun."""
    yield from reported(world, case)
    yield days(world.chance, 0.01, 2)
    world.notify(case, event="need-corrected", door="fhir")
    yield from taken_on(world, case)
    world.step(case, "refuse")


def asked(world: World, case: Case) -> Life:
    """The unit asks, the hospital answers with a correction, and the unit decides."""
    yield from reported(world, case)
    yield from taken_on(world, case)
    world.step(case, "ask")
    yield days(world.chance, 0.5, 20)
    world.notify(case, event="need-corrected", door="fhir")
    yield days(world.chance, 1, 5)
    for name in ("accept", "decide"):
        world.step(case, name)
    yield days(world.chance, 2, 15)
    world.step(case, "appoint")


def uncertain(world: World, case: Case) -> Life:
    """Its words are not clear: a person here looks (desk.py), and then it goes as any other."""
    case.door = "edi"
    yield from reported(world, case, UNCERTAIN)
    yield from taken_on(world, case)
    world.step(case, "refuse")


def without_consent(world: World, case: Case) -> Life:
    """The consent is not stated: it waits, and half of the hospitals say later that it was given."""
    case.door = "edi"
    yield from reported(world, case, WITHOUT_CONSENT)
    if world.chance.random() < 0.5:
        yield days(world.chance, 1, 20)
        world.notify(case, event="need-corrected", door="fhir")
        yield from taken_on(world, case)
        world.step(case, "refuse")


def nonsense(world: World, case: Case) -> Life:
    """Something that is no message, or one that must not be taken."""
    file, door, status = world.chance.choice(
        (
            ("refuse/not-json/in.txt", "fhir", 400),
            ("refuse/not-xml/in.xml", "edi", 400),
            ("refuse/wrong-check-digit/in.xml", "edi", 422),
        )
    )
    world.messages["refused"] += 1
    if status == 422:  # its head can be read: the refusal is kept
        world.taken.add((door, file))
    world.send(door, (FIXTURES / file).read_bytes(), "999900011", expect=(status,))
    yield DAY


def reported(world: World, case: Case, like: str = PLAIN) -> Life:
    """The hospital sends it, some twice: at once, or days later because it has heard nothing."""
    first = world.notify(case, like)
    world.messages["needs"] += 1
    yield HOUR
    if world.chance.random() < 0.08:
        yield days(world.chance, 0, 6)
        world.messages["repeats"] += 1
        if world.notify(case, like).body != first.body:
            world.unexplained.append("a repeat got another answer than the first")


def came(world: World, case: Case) -> Life:
    while case.owner is None:
        yield 6 * HOUR


def taken_on(world: World, case: Case) -> Life:
    """The unit gets it, somebody opens it, and it is taken on."""
    yield from came(world, case)
    for name, least, most in (("receive", 0.05, 0.3), ("open", 0.1, 2.5), ("accept", 0.2, 5)):
        yield days(world.chance, least, most)
        world.step(case, name)
    yield days(world.chance, 1, 35)


SHARES: tuple[tuple[float, Callable[[World, Case], Life]], ...] = (
    (0.40, granted),
    (0.13, refused),
    (0.08, opened_late),
    (0.04, silent),
    (0.03, no_coordinator),
    (0.05, wrong_addressee),
    (0.05, cancelled),
    (0.05, corrected),
    (0.05, asked),
    (0.05, withdrawn),
    (0.02, uncertain),
    (0.03, without_consent),
    (0.02, nonsense),
)


def unit_of(chance: random.Random) -> int:
    """Which unit is written to: not the last, to which wrong addressees are sent on."""
    return chance.randrange(len(UNITS) - 1)
