"""Findings as an answer: a FHIR OperationOutcome, or RFC 9457 problem details where no FHIR is spoken."""

from collections.abc import Sequence

from adapter.domain.case import Resource
from adapter.domain.problems import Catalogue, Finding
from adapter.wire import json


def operation_outcome(
    findings: Sequence[Finding], catalogue: Catalogue, *, base: str, lang: str = "nb"
) -> Resource:
    """An OperationOutcome (R4) with one issue per finding, in their order; without findings it says so.

    `base` is the canonical base of our code systems; `lang` is nb, nn or en. `expression` is the place.
    """
    issues = [_issue(finding, catalogue, base, lang) for finding in findings]
    nothing = {"severity": "information", "code": "informational", "details": {"text": "OK"}}
    return {"resourceType": "OperationOutcome", "language": lang, "issue": issues or [nothing]}


def problem_json(findings: Sequence[Finding], catalogue: Catalogue, *, base: str, lang: str = "nb") -> bytes:
    """RFC 9457 problem details (application/problem+json) about the finding that decides the status.

    `problems` lists all findings. Raises IndexError without findings: then there is no problem to tell.
    """
    decisive = catalogue[_decisive(findings, catalogue).problem]
    return json.dumps(
        {
            "type": f"{base}/CodeSystem/problem#{decisive.name}",
            "title": decisive.text[lang],
            "status": decisive.http,
            "detail": decisive.remedy,
            "problems": [_detail(finding, catalogue, lang) for finding in findings],
        }
    )


def http_status(findings: Sequence[Finding], catalogue: Catalogue) -> int:
    """The status of an answer with these findings: that of the first error, or 200."""
    errors = catalogue.errors(findings)
    return catalogue[errors[0].problem].http if errors else 200


def _decisive(findings: Sequence[Finding], catalogue: Catalogue) -> Finding:
    return (*catalogue.errors(findings), *findings)[0]


def _issue(finding: Finding, catalogue: Catalogue, base: str, lang: str) -> Resource:
    problem = catalogue[finding.problem]
    issue: Resource = {
        "severity": problem.severity,
        "code": problem.issue,
        "details": {
            "coding": [{"system": f"{base}/CodeSystem/problem", "code": problem.name}],
            "text": problem.text[lang],
        },
        "diagnostics": problem.remedy,
    }
    return issue | ({"expression": [finding.where]} if finding.where else {})


def _detail(finding: Finding, catalogue: Catalogue, lang: str) -> Resource:
    problem = catalogue[finding.problem]
    return {
        "number": problem.number,
        "name": problem.name,
        "severity": problem.severity,
        "text": problem.text[lang],
        "remedy": problem.remedy,
    } | ({"where": finding.where} if finding.where else {})
