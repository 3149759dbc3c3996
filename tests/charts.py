"""The charts and tables of the README that are made from mappings/, so that they cannot say anything else."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from cases import FIXTURES, FOLDERS, name_of

from adapter.domain.authority import Ages, GiverRule
from adapter.domain.counting import Length
from adapter.domain.deadline import Rule
from adapter.domain.lifecycle import UNCHANGED
from adapter.mapping.tables import load
from adapter.replay import read_case
from adapter.settings import Settings, carried

TABLES = load(carried("mappings"), "https://ip-adapter.example/fhir")


def chart(name: str) -> str:
    """One life cycle as a Mermaid state chart; events that change nothing are left out."""
    cycle = TABLES.lifecycles[name]
    ways: dict[tuple[str, str], list[str]] = {}
    for state, row in cycle.cells.items():
        for event, cell in row.items():
            if cell and cell not in (UNCHANGED, state):
                ways.setdefault((state, cell), []).append(event)
    arrows = [f"    {_id(a)} --> {_id(b)}: {', '.join(events)}" for (a, b), events in ways.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {_id(cycle.initial)}", *arrows, "```"])


def steps() -> str:
    """The steps a coordinating unit takes, as it writes them in a Task."""
    head = ["| Step | Task.status | businessStatus | Names a person |", "|---|---|---|---|"]
    rows = [
        f"| {r.event} | `{r.status}` | {r.business_status or '–'} | {'yes' if r.person else ''} |"
        for r in TABLES.steps
        if r.lifecycle == "case" and r.actor == "owner"
    ]
    return "\n".join(head + rows)


def doors() -> str:
    """The messages that are taken."""
    head = ["| Door | Message | Content | Means |", "|---|---|---|---|"]
    names = {
        "edi": "`POST /edi/messages`",
        "fhir": "`POST /fhir/$process-message`",
        "hand": "`ip-adapter phone`",
    }
    rows = [f"| {names[w.door]} | `{w.kind}` | {w.payload} | {w.event} |" for w in TABLES.ways]
    return "\n".join(head + rows)


def givers() -> str:
    """Who may consent for whom."""
    head = [
        "| Giver | Who | At the age | With no capacity | Must be shown | Ground |",
        "|---|---|---|---|---|---|",
    ]
    rows = [
        f"| `{g.name}` | {_who(g)} | {_years(g.ages)} | {_years(g.incapable)} | {_shown_by(g)} | {g.because} |"
        for g in TABLES.authority.givers.values()
    ]
    return "\n".join(head + rows)


def tracks() -> str:
    """By which provisions one complains how."""
    head = ["| Provisions | Weeks | To | Ground |", "|---|---|---|---|"]
    bases = TABLES.decisions.bases
    named = {basis.track.name: basis.track for basis in bases.values()}
    rows = [
        f"| {', '.join(f'`{c}`' for c, b in bases.items() if b.track == t)} | {t.weeks} | {t.body} | {t.because} |"
        for t in named.values()
    ]
    return "\n".join(head + rows)


def problems() -> str:
    """Every problem an answer can name."""
    head = ["| No. | Name | Severity | AppRec | HTTP | Meaning |", "|---|---|---|---|---|---|"]
    rows = [
        f"| {p.number} | `{p.name}` | {p.severity} | {p.apprec or ''} | {p.http} | {p.text['en']} |"
        for p in sorted(TABLES.problems.problems.values(), key=lambda p: p.number)
    ]
    return "\n".join(head + rows)


def deadlines() -> str:
    """What is waited for, how long, and who is reminded."""
    head = ["| Clock | Runs | Warned | Reminded | Rests on |", "|---|---|---|---|---|"]
    rows = [
        f"| `{r.name}` | {_length(r.within) or 'until the day stated'} | {_warned(r)} |"
        f" {', '.join([*r.remind, *(f'{who} when overdue' for who in r.also), *_listed(r)]) or 'nobody'} |"
        f" {r.basis}: {r.because} |"
        for r in TABLES.deadlines.rules
    ]
    return "\n".join(head + rows)


def _warned(rule: Rule) -> str:
    return f"{_length(rule.warn)} before" if _length(rule.warn) else "on the last day"


def _length(length: Length | None) -> str:
    if length is None or length.number == 0:
        return ""
    unit = length.unit.replace("-", " ")
    return f"{length.number} {unit.removesuffix('s') if length.number == 1 else unit}"


def _listed(rule: Rule) -> list[str]:
    return ["a person here when overdue"] if rule.operator else []


def plan_content() -> str:
    """What a plan in force must contain, and where it stands."""
    head = ["| § 9 | What | Where |", "|---|---|---|"]
    rows = [
        f"| {i.part} | {i.means} | `{'CarePlan.activity.' if i.each else ''}{i.place}` |"
        for i in TABLES.plan_content.items
    ]
    return "\n".join(head + rows)


def settings() -> str:
    """Every setting with its default."""
    head = ["| Variable | Default |", "|---|---|"]
    rows = []
    for name, field in Settings.model_fields.items():
        default = "with the program" if name == "mappings" else field.get_default(call_default_factory=False)
        rows.append(f"| `IP_ADAPTER_{name.upper()}` | {_shown(default)} |")
    return "\n".join(head + rows)


@cache
def edges() -> dict[int, dict[str, Any]]:
    """The edge cases by number: what each is, the folders that show it, and what is missing."""
    listed: dict[int, dict[str, Any]] = yaml.safe_load((FIXTURES / "edge-cases.yaml").read_text("utf-8"))
    shown: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for name in read_case(folder).covers:
            shown.setdefault(name, []).append(name_of(folder))
    return {number: edge | {"folders": shown.get(f"edge-{number}", [])} for number, edge in listed.items()}


def edge_cases() -> str:
    """Each edge case, where it is shown, and what of it is not."""
    head = ["| No. | What | Shown by | Not yet |", "|---|---|---|---|"]
    rows = [
        f"| {number} | {edge['what']} | {_in_code(edge['folders'])} | {edge.get('missing', '')} |"
        for number, edge in edges().items()
    ]
    return "\n".join(head + rows)


MADE = {
    "chart case": lambda: chart("case"),
    "chart exchange": lambda: chart("exchange"),
    "chart plan": lambda: chart("plan"),
    "chart consent": lambda: chart("consent"),
    "chart participation": lambda: chart("participation"),
    "chart complaint": lambda: chart("complaint"),
    "chart hand-over": lambda: chart("hand-over"),
    "chart purge-there": lambda: chart("purge-there"),
    "steps": steps,
    "doors": doors,
    "givers": givers,
    "problems": problems,
    "plan content": plan_content,
    "tracks": tracks,
    "deadlines": deadlines,
    "settings": settings,
    "edge cases": edge_cases,
}


def filled(readme: Path) -> str:
    """The README with every made part as it must be now."""
    text = readme.read_text(encoding="utf-8")
    for name, make in MADE.items():
        start, end = f"<!-- made: {name} -->", f"<!-- end: {name} -->"
        before, _, rest = text.partition(start)
        _, _, after = rest.partition(end)
        text = f"{before}{start}\n{make()}\n{end}{after}"
    return text


def _who(giver: GiverRule) -> str:
    relations = " or ".join(sorted(giver.by))
    return f"{giver.number} with {relations}" if giver.number > 1 else relations


def _years(ages: Ages | None) -> str:
    if ages is None:
        return "–"
    return f"{ages.start}+" if ages.below is None else f"{ages.start}–{ages.below - 1}"


def _shown_by(giver: GiverRule) -> str:
    reason = f"reason: {' or '.join(giver.reasons)}" if giver.reasons else ""
    mandate = (
        f"mandate, {giver.sphere} sphere" if giver.sphere else "decision on care" if giver.mandate else ""
    )
    return ", ".join(filter(None, (reason, mandate))) or "–"


def _in_code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _id(state: str) -> str:
    return state.replace("-", "_")


def _shown(default: object) -> str:
    if isinstance(default, tuple):
        return ", ".join(str(item) for item in default)
    return "–" if default in (None, "") else str(default)
