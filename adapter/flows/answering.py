"""What the sender of a message gets back, in its own form: AppRec, response message, or problems."""

from dataclasses import replace
from datetime import datetime

from adapter.domain.acknowledgement import version_for, wants_receipt
from adapter.domain.identifiers import derived
from adapter.domain.message import Answer, Door, Envelope
from adapter.domain.problems import Finding
from adapter.flows.parts import Parts
from adapter.wire import apprec, json, message, outcome

PROBLEMS = "application/problem+json"
NOTHING = Answer(204, "", b"")
"""Taken, and nothing to say of it."""


def answer_to(
    envelope: Envelope | None,
    door: Door,
    findings: tuple[Finding, ...],
    at: datetime,
    parts: Parts,
    case_id: str | None = None,
) -> Answer:
    """AppRec or response message; problem details or an OperationOutcome where nobody can be addressed, or where a
    person here entered the message."""
    if door == "edi":
        return _to_xml(envelope, findings, at, parts)
    status = outcome.http_status(findings, parts.tables.problems)
    if door == "hand":
        told = json.dumps(outcome.operation_outcome(findings, parts.tables.problems, base=parts.base))
        return Answer(status, "application/fhir+json", told, retry_after=_retry(findings, parts))
    if envelope is None:
        return replace(parts.refusal(*findings), status=status)
    body = _response(envelope, findings, at, parts, case_id)
    return Answer(status, "application/fhir+json", body, retry_after=_retry(findings, parts))


def _to_xml(envelope: Envelope | None, findings: tuple[Finding, ...], at: datetime, parts: Parts) -> Answer:
    """An AppRec where one is wanted. A sender that wants none learns of a refusal by HTTP alone, of success by 204."""
    catalogue = parts.tables.problems
    retry = _retry(findings, parts)
    refused = bool(catalogue.errors(findings))
    if envelope and not retry and wants_receipt(envelope.acknowledge, refused=refused):
        status = outcome.http_status(findings, catalogue)
        return Answer(status, "application/xml", _apprec(envelope, findings, at, parts))
    return problem_answer(findings, parts, retry) if refused else NOTHING


def problem_answer(findings: tuple[Finding, ...], parts: Parts, retry: int | None = None) -> Answer:
    """RFC 9457 problem details, with the status of the first error. At least one finding is an error."""
    catalogue = parts.tables.problems
    body = outcome.problem_json(findings, catalogue, base=parts.base)
    return Answer(outcome.http_status(findings, catalogue), PROBLEMS, body, retry_after=retry)


def _retry(findings: tuple[Finding, ...], parts: Parts) -> int | None:
    return 5 if any(parts.tables.problems[f.problem].issue == "transient" for f in findings) else None


def _apprec(envelope: Envelope, findings: tuple[Finding, ...], at: datetime, parts: Parts) -> bytes:
    return apprec.write(
        envelope,
        findings,
        parts.tables.problems,
        displays=parts.tables.apprec_errors,
        id=derived("apprec", envelope.sender.organisation, envelope.message_id, envelope.digest),
        at=at,
        software_version=parts.version,
        version=version_for(parts.tables.apprec_versions, envelope.kind, envelope.payload),
    )


def _response(
    envelope: Envelope, findings: tuple[Finding, ...], at: datetime, parts: Parts, case_id: str | None
) -> bytes:
    return message.respond(
        envelope,
        findings,
        parts.tables.problems,
        id=derived("response-envelope", envelope.message_id, envelope.envelope_id),
        at=at,
        base=parts.base,
        address=parts.address,
        event_system=parts.event_system,
        focus=f"Task/{derived(case_id, 'task')}" if case_id else None,
    )
