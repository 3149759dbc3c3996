"""G2 and G3: what one message costs between its bytes and the resources of its case, without any database."""

from collections.abc import Callable, Iterator
from functools import partial
from unittest.mock import patch

from adapter.domain.identifiers import case_id
from adapter.domain.message import Door
from adapter.domain.need import judge, shielded
from adapter.domain.problems import Finding
from adapter.domain.steps import rule_of
from adapter.flows import resources
from adapter.flows.doors import open_message, read_message
from adapter.flows.parts import Parts
from adapter.flows.placing import WHOLE
from adapter.flows.resources import Place, written
from tests.bench.figures import Figure, Sample, Target, cpu_us
from tests.bench.floors import mapping as floor
from tests.bench.inside import CALLER, forgetful, taken
from tests.bench.messages import Need
from tests.bench.profiling import top
from tests.bench.registry import measures
from tests.bench.run import Run

_SCHEMA = "lxml parse + official XSD"
_BARE = "lxml parse alone (the official XSD is not beside the project)"
_WHOLE = "the whole request but the database: the above, consent, provenance, evidence, answer"


@measures("G2", "G3", heavy=False)
def mapping(run: Run) -> Iterator[Figure]:
    """Opened, its structure held against the tables, read, judged, written; without and with the check of our output.

    The goals are set for the XML message; the FHIR one, which fhir.resources judges at the door, is told beside it.
    """
    raw, times, runs = Need(1).xml(), run.size.calls, max(3, run.size.runs)
    p = cpu_us(lambda: floor.parse_and_check(raw), times=times * 5, runs=runs)
    by_hand = cpu_us(lambda: floor.bundle(raw), times=times * 5, runs=runs)
    against = _SCHEMA if floor.schemas() else _BARE
    hand = f"floor: parse, hand map, {floor.written()[1]}"
    yield Figure("G2", hand, by_hand, p, against, note=f"{len(floor.mapped(raw))} resources")
    parts, _ = forgetful()
    doors: tuple[tuple[str, Door, bytes], ...] = (
        ("XML dialog", "edi", raw),
        ("FHIR bundle", "fhir", Need(1).fhir()),
    )
    for name, door, one in doors:
        whole = partial(taken, parts, one, door)
        whole()
        for goal, what, most, call in (
            ("G2", "open, read, judge, write", 8, partial(_unchecked, door, one, parts)),
            ("G3", "the same and the check of our output", 15, partial(_mapped, door, one, parts)),
        ):
            ours = cpu_us(call, times=times, runs=runs)
            yield _told(goal, f"{name}: {what}", ours, p, against, Target("at most", most), door, call)
        yield Figure("G3", f"{name}: {_WHOLE}", cpu_us(whole, times=times, runs=runs), p, against)


def _told(
    goal: str,
    what: str,
    ours: Sample,
    p: Sample,
    against: str,
    target: Target,
    door: Door,
    call: Callable[[], None],
) -> Figure:
    figure = Figure(goal, what, ours, p, against, target if door == "edi" else None)
    if figure.met is not False:
        return figure
    return Figure(goal, what, ours, p, against, target, limits=top(call, 20))


def _mapped(door: Door, raw: bytes, parts: Parts) -> None:
    """A message to the resources of its case. Raises ValueError for one that is not a clear need."""
    opened = open_message(door, raw, CALLER, parts)
    read = read_message(opened, parts)
    if isinstance(read, Finding):
        raise ValueError("the reference message is not read")
    facts = shielded(read.facts)
    verdict = judge(read.facts, read.outcome, opened.addressed, parts.directory, parts.clock())
    place = Place(rule_of(parts.tables.steps, "case", verdict.event), verdict.unit, "")
    sender = parts.partners.by_organisation[opened.sender]
    if len(written(case_id(opened.sender, facts["need.id"]), facts, sender, place, WHOLE, parts)) < 10:
        raise ValueError("the reference message does not make a whole case")


def _unchecked(door: Door, raw: bytes, parts: Parts) -> None:
    with patch.object(resources, "require_valid", lambda *_: None):
        _mapped(door, raw, parts)
