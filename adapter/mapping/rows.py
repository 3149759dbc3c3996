"""The rows of a mapping table as they are after reading and checking the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from adapter.mapping.rules import NamedPlaces, Rules


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a fact stands in one format: alternative paths in order of trust, a code table, a transform.

    `system` is what an element beside the value must say where it is there: its path and its only value (or values,
    parted by `|`), for the code list of a code or the kind of a number. `problem` is reported for a code the table or
    the system does not have. `every`: not the first value found counts but each that there is at any of the paths; the
    fact has them in the order of the paths, one a line, and none twice.
    """

    at: tuple[str, ...]
    codes: str | None = None
    form: str | None = None
    system: tuple[str, str] | None = None
    problem: str = "unknown-code"
    every: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One fact and its cell in each format. `need` is the problem reported where the fact is missing."""

    fact: str
    cells: Mapping[str, Cell]
    need: Mapping[str, str] = field(default_factory=dict)
    rows: tuple["Row", ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A resource of a message by what it does there: the target of a reference that another role holds.

    `only` is a path and a value: a resource that has other values there, and not this one, is no target.
    """

    name: str
    source: str
    at: str
    type: str
    need: bool
    only: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Elements that are set aside, with the reason. `at` is a path; `**` stands for any way down to it.

    A path may choose by key=value as those of rows do, up to the last `]`; wildcards stand behind it.
    """

    at: str
    because: str


@dataclass(frozen=True)  # no slots: rules are made ready once, when they are first asked for
class ReadingTable:
    """One file of mappings/messages: rows of facts, columns of formats. `texts` are where people write freely, those
    first that say most."""

    name: str
    version: int
    rows: tuple[Row, ...]
    ignored: Mapping[str, tuple[Ignored, ...]]
    roles: tuple[Role, ...]
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def places(self) -> Mapping[str, NamedPlaces]:
        """What the rules of each column say of places; ready for any column."""
        columns = {*self.ignored, *self.texts, *(column for row in self.rows for column in row.cells)}
        return {
            column: NamedPlaces(
                Rules((rule.at, rule.because) for rule in self.ignored.get(column, ())),
                Rules((path, f"{rank:03}") for rank, path in enumerate(self.texts.get(column, ()))),
            )
            for column in columns
        }


@dataclass(frozen=True, slots=True)
class Written:
    """One element of a resource: a constant, a fact (through a code table or a form), or one per item of a list."""

    at: str
    constant: str | bool | None = None
    fact: str | None = None
    codes: str | None = None
    form: str | None = None
    rows: tuple["Written", ...] = ()


@dataclass(frozen=True, slots=True)
class WritingTable:
    """One file of mappings/resources: how one FHIR resource is written from facts."""

    name: str
    version: int
    type: str
    when: str | None
    rows: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class CodeTable:
    """A ConceptMap: codes of a source system to codes of facts or of FHIR. A code that is not here is a finding."""

    name: str
    source: str
    target: str
    forward: Mapping[str, str]
