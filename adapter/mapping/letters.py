"""Which XML message a delivery becomes (mappings/letters.csv), and what people read in it (mappings/texts).

Texts are Jinja2 templates over facts. Autoescape is off: the text is set as text by the XML writer, which escapes it.
"""

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from jinja2 import DictLoader, Environment, StrictUndefined, TemplateSyntaxError, meta, nodes

from adapter.domain.days import OSLO, first_moment, norwegian_day
from adapter.domain.partners import Language
from adapter.mapping import yaml_text

Answering = Literal["dialog-1.1", "dialog-1.0", "answer", "deviation"]
Lists = Mapping[str, Mapping[str, tuple[str, str]]]
"""mappings/codes/volven.yaml: by number of the list and our own name for it, a code and its official text."""
ANY = "*"
_LATE = "late"
_COMPUTED = (
    *("step", "day", "outcome", "requester_name", "requester_phone", "requester_role", "decided_by_name"),
    *("author_name", "author_phone", "decided_by_phone"),
    *(
        "coordinator_name",
        "coordinator_phone",
        "child_coordinator",
        "unit_had_it",
        "sent_on",
        "note_text",
        "attached",
    ),
    *("hospital_coordinator_name", "hospital_coordinator_phone", "interim_reason", "expected_on", "decided"),
    *("stay_name", "registered_name"),
)
"""Names that texts may use besides the facts of messages/letter.yaml; flows/telling.py gives them."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """A message type of Volven 8279, and the list and code of what it is about."""

    kind: str
    list: str
    code: str


@dataclass(frozen=True, slots=True)
class LetterRule:
    """One row of letters.csv; `carriers` has no deviation where none is foreseen. `contact` is the profession of the
    contact at the recipient, "" where none is named."""

    event: str
    category: str
    focus: str
    step: str
    to: str
    text: str
    carriers: Mapping[Answering, Carrier]
    contact: str

    def fits(self, *asked: str) -> bool:
        """Whether it is for this event, category, type of focus, step and kind of recipient."""
        own = (self.event, self.category, self.focus, self.step, self.to)
        return all(mine in (ANY, one) for mine, one in zip(own, asked, strict=True))


class Texts:
    """The texts of one language. Every name that they may use must be given; what is empty is said to be missing."""

    def __init__(
        self, texts: Mapping[str, Mapping[str, str]], words: Mapping[str, Mapping[str, str]], missing: str
    ):
        bodies = {name: text["body"].rstrip("\n") for name, text in texts.items()}
        subjects = {_subject(name): text["subject"] for name, text in texts.items()}
        self.names = frozenset(bodies)
        self._environment = Environment(  # noqa: S701 - what is made is text, not markup
            loader=DictLoader(bodies | subjects),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=lambda value: value or missing,
        )
        self._environment.filters["day"] = _day
        self._environment.filters["time"] = _time
        self._environment.filters["word"] = lambda code, list_: words[list_].get(code, "")
        self._sources, self._words = bodies | subjects, words

    def unknown(self, known: frozenset[str]) -> list[str]:
        """What the texts use and nobody knows: names, lists of words, other texts. Raises TemplateSyntaxError."""
        found: set[str] = set()
        for source in self._sources.values():
            tree = self._environment.parse(source)
            lists = {f.args[0].as_const() for f in tree.find_all(nodes.Filter) if f.name == "word"}
            found |= meta.find_undeclared_variables(tree) - known
            found |= lists - self._words.keys()
            found |= {str(name) for name in meta.find_referenced_templates(tree)} - self.names
        return sorted(found)

    def late(self, decided: datetime) -> str:
        """The line before all else in a letter that leaves long after it was decided (a moment with zone)."""
        return self.body(_LATE, {"decided": decided.isoformat()})

    def subject(self, name: str, facts: Mapping[str, Any]) -> str:
        return self._environment.get_template(_subject(name)).render(facts)

    def body(self, name: str, facts: Mapping[str, Any]) -> str:
        return self._environment.get_template(name).render(facts).rstrip("\n")


@dataclass(frozen=True, slots=True)
class Letters:
    """Both tables, checked against each other."""

    rules: tuple[LetterRule, ...]
    texts: Mapping[Language, Texts]
    lists: Lists

    def rule(self, event: str, category: str, focus: str, step: str, to: str) -> LetterRule:
        """The first row that fits. Raises LookupError where no letter is foreseen."""
        for rule in self.rules:
            if rule.fits(event, category, focus, step, to):
                return rule
        raise LookupError("letters.csv has no row for this delivery")


def load(folder: Path, facts: Collection[str]) -> Letters:
    """The letters of a folder of mappings. `facts` are the names of messages/letter.yaml.

    Raises ValueError naming the file and what is wrong with it.
    """
    known = frozenset(fact.replace(".", "_") for fact in facts) | frozenset(_COMPUTED)
    lists = _lists((folder / "codes" / "volven.yaml").read_text(encoding="utf-8"))
    rules = tuple(_rules((folder / "letters.csv").read_text(encoding="utf-8"), lists))
    texts = {
        language: _texts(folder / "texts" / f"{language}.yaml", known) for language in get_args(Language)
    }
    for language, held in texts.items():
        if missing := {_LATE, *(rule.text for rule in rules)} - held.names:
            raise ValueError(f"texts/{language}.yaml: no text {sorted(missing)}")
    return Letters(rules, texts, lists)


def _lists(text: str) -> Lists:
    return {
        number: {name: (code, shown) for name, (code, shown) in codes.items()}
        for number, codes in yaml_text.read(text).items()
    }


def _rules(text: str, lists: Lists) -> Iterable[LetterRule]:
    for row in csv.DictReader((line for line in text.splitlines() if not line.startswith("#")), strict=True):
        named: dict[Answering, str] = {form: row.pop(form) for form in get_args(Answering)}
        carriers = {form: Carrier(*text.split(" ")) for form, text in named.items() if text}
        for carrier in carriers.values():
            if carrier.kind not in lists["8279"] or carrier.code not in lists.get(carrier.list, {}):
                raise ValueError(
                    f"letters.csv: {row['text']}: volven.yaml has no {carrier.kind} {carrier.list}"
                )
        yield LetterRule(**row, carriers=carriers)


def _texts(path: Path, known: frozenset[str]) -> Texts:
    raw = yaml_text.read(path.read_text(encoding="utf-8"))
    try:
        texts = Texts(raw["texts"], raw["words"], raw["missing"])
        unknown = texts.unknown(known)
    except (KeyError, TemplateSyntaxError) as why:
        raise ValueError(f"texts/{path.name}: {why}") from why
    if unknown:
        raise ValueError(f"texts/{path.name}: nobody knows {unknown}")
    return texts


def _subject(name: str) -> str:
    return f"subject of {name}"


def _day(moment: str) -> str:
    """A FHIR date or dateTime as people write the day in Norway: 10.03.2026; only as exact as it is."""
    if len(moment) < len("YYYY-MM-DD"):
        return ".".join(reversed(moment.split("-")))
    at = first_moment(moment)
    return norwegian_day(at).strftime("%d.%m.%Y") if at else ""


def _time(moment: str) -> str:
    """A moment with zone as the clock in Norway shows it: 10.05."""
    return datetime.fromisoformat(moment).astimezone(OSLO).strftime("%H.%M")
