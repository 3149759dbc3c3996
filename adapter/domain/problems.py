"""What can be wrong with something we received, and where.

A finding is a problem and a place, never a value: it cannot carry a person's data into a log,
an answer or an error text, whatever happens to it on its way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of `mappings/problems.yaml`. Numbers are never reused.

    `issue` is a FHIR R4 issue-type code, `apprec` a code of Volven 8221 (None where an AppRec never
    carries it), `http` the status of the answer; `text` has the languages nb, nn and en, `remedy` says
    in English what the sender does.
    """

    number: int
    name: str
    severity: Severity
    issue: str
    apprec: str | None
    http: int
    text: Mapping[str, str]
    remedy: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem (by its name in the catalogue) and the place in the source where it stands."""

    problem: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All problems the adapter can name, by name."""

    problems: Mapping[str, Problem]

    def __getitem__(self, name: str) -> Problem:
        return self.problems[name]

    def errors(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Those findings that stop the message: severity `error`."""
        return tuple(f for f in findings if self.problems[f.problem].severity == "error")


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """Raised where reading cannot go on; carries findings and nothing else."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(", ".join(sorted({f.problem for f in findings})))
        self.findings = findings
