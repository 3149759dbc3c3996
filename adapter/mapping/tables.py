"""Reads everything in mappings/ once, at start, and refuses to start on anything it does not understand."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml

from adapter.domain.acknowledgement import AppRecRule, RejectionRule, Version
from adapter.domain.attachments import AttachmentRules
from adapter.domain.closing import Closing
from adapter.domain.consent import Category
from adapter.domain.decision import DecisionRules
from adapter.domain.detection import Phrases
from adapter.domain.doors import Way
from adapter.domain.exchange import AnswerRule
from adapter.domain.lifecycle import UNCHANGED, LifeCycle
from adapter.domain.partners import KindRule
from adapter.domain.plan_content import ContentRules
from adapter.domain.problems import Catalogue, Problem
from adapter.domain.protection import Places
from adapter.domain.register import Belief
from adapter.domain.standing import Thresholds
from adapter.domain.steps import StepRule
from adapter.domain.view import Views
from adapter.mapping import letters, parsing, sharing, yaml_text
from adapter.mapping.attachments import attachment_rules
from adapter.mapping.authority import AuthorityRules, authority_rules
from adapter.mapping.deadlines import DeadlineRules, deadline_rules
from adapter.mapping.decisions import decision_rules
from adapter.mapping.partner_kinds import kind_rules
from adapter.mapping.phrases import phrases
from adapter.mapping.plan_content import content_rules
from adapter.mapping.protection import places
from adapter.mapping.register import belief
from adapter.mapping.rows import CodeTable, ReadingTable, WritingTable
from adapter.mapping.stays import StayLines, stay_lines
from adapter.mapping.thresholds import thresholds
from adapter.mapping.views import views
from adapter.wire import schema


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables, checked against each other."""

    problems: Catalogue
    codes: Mapping[str, CodeTable]
    messages: Mapping[str, ReadingTable]
    resources: Mapping[str, WritingTable]
    lifecycles: Mapping[str, LifeCycle]
    steps: tuple[StepRule, ...]
    ways: tuple[Way, ...]
    answers: tuple[AnswerRule, ...]
    categories: Mapping[str, Category]
    authority: AuthorityRules
    phrases: Phrases
    plan_content: ContentRules
    schemas: schema.Schemas
    apprec_errors: Mapping[str, str]
    attachments: AttachmentRules
    letters: letters.Letters
    apprec_versions: tuple[AppRecRule, ...]
    rejections: tuple[RejectionRule, ...]
    stays: StayLines
    partner_kinds: Mapping[str, KindRule]
    views: Views
    places: Places
    decisions: DecisionRules
    closings: tuple[Closing, ...]
    deadlines: DeadlineRules
    register: Belief
    thresholds: Thresholds


def load(folder: Path, base: str, official: Path | None = None) -> Tables:
    """Read and check the tables. `base` replaces `{base}` in URLs of our own code systems.

    `official` is a folder of official XML Schemas, checked against beside our own.

    Raises ValueError naming the file and what is wrong with it.
    """

    def each(pattern: str, build: Callable[[str, str], Any]) -> dict[str, Any]:
        return {p.stem: _named(p, build, base) for p in sorted(folder.glob(pattern))}

    answers = _named(folder / "answers.csv", lambda _, text: _answers(text), base)
    codes: dict[str, CodeTable] = each("codes/*.map.json", parsing.code_table)
    problems = _named(folder / "problems.yaml", lambda _, text: _catalogue(text), base)
    messages: dict[str, ReadingTable] = each("messages/*.yaml", parsing.reading_table)
    categories = _named(folder / "consent.yaml", lambda _, text: sharing.categories(text), base)
    lifecycles: dict[str, LifeCycle] = each("lifecycles/*.csv", _lifecycle)
    kinds_of_information = _named(
        folder / "codes" / "information-category.json", lambda _, text: parsing.displays(text), base
    )
    tables = Tables(
        problems=problems,
        codes={name.removesuffix(".map"): table for name, table in codes.items()},
        messages=messages,
        resources=each("resources/*.yaml", parsing.writing_table),
        lifecycles=lifecycles,
        steps=_named(folder / "steps.csv", lambda _, text: _steps(text), base),
        ways=_named(folder / "doors.csv", lambda _, text: _ways(text), base),
        answers=answers,
        categories=categories,
        authority=_named(folder / "authority.yaml", lambda _, text: authority_rules(text), base),
        phrases=_named(folder / "detection.yaml", lambda _, text: phrases(text), base),
        plan_content=_named(
            folder / "plan-content.yaml",
            lambda _, text: content_rules(
                text,
                messages["care-plan-update"],
                codes["legal-status.map"],
                codes["team-role.map"],
                codes["closing-reason.map"],
            ),
            base,
        ),
        attachments=_named(folder / "attachments.yaml", lambda _, text: attachment_rules(text), base),
        schemas=schema.load(folder / "schemas", official),
        apprec_errors=_named(
            folder / "codes" / "apprec-errors.json", lambda _, text: parsing.displays(text), base
        ),
        apprec_versions=_named(folder / "apprec.csv", lambda _, text: _each(AppRecRule, text), base),
        rejections=_named(folder / "rejections.csv", lambda _, text: _each(RejectionRule, text), base),
        letters=letters.load(folder, [row.fact for row in messages["letter"].rows]),
        stays=_named(
            folder / "texts" / "stay.yaml", lambda _, text: stay_lines(text, codes["stay-event.map"]), base
        ),
        partner_kinds=_named(folder / "partner-kinds.yaml", lambda _, text: kind_rules(text), base),
        views=_named(
            folder / "view.yaml", lambda _, text: views(text, categories, kinds_of_information), base
        ),
        places=_named(
            folder / "protection.yaml",
            lambda _, text: places(text, codes.values(), kinds_of_information),
            base,
        ),
        decisions=_named(folder / "decisions.yaml", lambda _, text: decision_rules(text, codes), base),
        closings=_named(folder / "closings.csv", lambda _, text: _each(Closing, text), base),
        deadlines=_named(
            folder / "deadlines.yaml",
            lambda _, text: deadline_rules(
                text, {*_events(lifecycles, codes["stay-event.map"])}, problems.problems, categories
            ),
            base,
        ),
        register=_named(folder / "register.yaml", lambda _, text: belief(text), base),
        thresholds=_named(
            folder / "thresholds.yaml",
            lambda _, text: thresholds(text, {rule.because for rule in answers}),
            base,
        ),
    )
    parsing.check(tables.codes, tables.messages, tables.resources, tables.problems)
    _check_steps(tables)
    _check_receipts(tables)
    _check_givers(tables)
    _check_kinds(tables)
    _check_closings(tables)
    return tables


def _events(lifecycles: Mapping[str, LifeCycle], stays: CodeTable) -> Iterator[str]:
    """Every step that a case may take, as "case:open"; of a stay also that an event is taken back."""
    for cycle in lifecycles.values():
        yield from (f"{cycle.name}:{event}" for event in cycle.events)
    for event in stays.forward.values():
        yield from (f"stay:{event}", f"stay:not-{event}")


def _named(path: Path, build: Callable[[str, str], Any], base: str) -> Any:
    try:
        return build(path.stem, path.read_text(encoding="utf-8").replace("{base}", base))
    except (ValueError, KeyError, TypeError, re.error, yaml.YAMLError) as why:
        raise ValueError(f"{path.name}: {why}") from why


def _catalogue(text: str) -> Catalogue:
    problems = [Problem(**row) for row in yaml_text.read(text)]
    numbers = [p.number for p in problems]
    if len(set(numbers)) != len(numbers) or len({p.name for p in problems}) != len(problems):
        raise ValueError("a problem number or name stands twice")
    return Catalogue({p.name: p for p in problems})


def _lifecycle(name: str, text: str) -> LifeCycle:
    header, *rows = csv.reader(line for line in text.splitlines() if not line.startswith("#"))
    cells = {row[0]: dict(zip(header[1:], (cell.strip() for cell in row[1:]), strict=True)) for row in rows}
    unknown = {c for row in cells.values() for c in row.values()} - {*cells, "", UNCHANGED}
    if unknown:
        raise ValueError(f"states without a row: {sorted(unknown)}")
    cycle = LifeCycle(name, rows[0][0], tuple(header[1:]), cells)
    if missing := set(cells) - cycle.reachable():
        raise ValueError(f"states that nothing leads to: {sorted(missing)}")
    return cycle


def _rows(text: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), strict=True)


def _each(row: Callable[..., Any], text: str) -> tuple[Any, ...]:
    return tuple(row(**cells) for cells in _rows(text))


def _ways(text: str) -> tuple[Way, ...]:
    return tuple(Way(**{**row, "detects": row["detects"] == "yes"}) for row in _rows(text))  # type: ignore[arg-type]


def _answers(text: str) -> tuple[AnswerRule, ...]:
    rules = []
    for row in _rows(text):
        low, _, high = row.pop("http").replace("*", "0-999").partition("-")
        rules.append(AnswerRule(**row, low=int(low), high=int(high)))  # type: ignore[arg-type]
    return tuple(rules)


def _steps(text: str) -> tuple[StepRule, ...]:
    return tuple(
        StepRule(
            lifecycle=row["lifecycle"],
            event=row["event"],
            status=row["status"],
            business_status=row["business_status"],
            actor=row["actor"],
            person=row["person"] == "yes",
            tells=row["tells"],
            label=row["label"],
        )
        for row in _rows(text)
    )


def _check_steps(tables: Tables) -> None:
    for rule in tables.steps:
        if rule.event not in tables.lifecycles[rule.lifecycle].events:
            raise ValueError(f"steps.csv: {rule.lifecycle} has no event {rule.event}")
    if strange := set(tables.decisions.outcomes.values()) - set(tables.lifecycles["case"].events):
        raise ValueError(f"decisions.yaml: no events {sorted(strange)} of a case")
    for way in tables.ways:
        if way.table not in tables.messages:
            raise ValueError(f"doors.csv: no table {way.table}")


def _check_receipts(tables: Tables) -> None:
    rules = tables.apprec_versions
    if {r.version for r in rules} - set(get_args(Version)) or (rules[-1].kind, rules[-1].payload) != (
        "*",
        "*",
    ):
        raise ValueError("apprec.csv: the version is 1.0 or 1.1, and the last row takes every message")
    for rule in tables.rejections:
        if rule.reason not in tables.problems.problems or rule.code not in tables.apprec_errors:
            raise ValueError(f"rejections.csv: no such code or problem in the row of {rule.code}")


def _check_givers(tables: Tables) -> None:
    codes, givers = tables.codes, tables.authority.givers
    reasons = {reason for giver in givers.values() for reason in giver.reasons}
    for name, said in (("consent-giver", set(givers)), ("giver-reason", reasons)):
        if said ^ set(codes[name].forward):
            raise ValueError(f"authority.yaml: not the codes of {name}.map.json")


def _check_kinds(tables: Tables) -> None:
    known = set(tables.codes["consent-kind"].forward.values())
    if strange := {kind for category in tables.categories.values() for kind in category.kinds} - known:
        raise ValueError(f"consent.yaml: no kinds of consent {sorted(strange)}")


def _check_closings(tables: Tables) -> None:
    for closing in tables.closings:
        known = closing.plan_reason in tables.codes["closing-reason"].forward
        if not known or closing.closes not in ("person", "case"):
            raise ValueError(f"closings.csv: the row of {closing.because}")
