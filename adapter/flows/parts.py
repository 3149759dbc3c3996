"""What every flow works with, put together once by adapter/app.py."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.domain.exchange import Schedule
from adapter.domain.message import Answer
from adapter.domain.need import Environment
from adapter.domain.partners import Partners
from adapter.domain.problems import Finding
from adapter.domain.routing import Directory
from adapter.mapping.tables import Tables
from adapter.ports import Clock, Store
from adapter.wire import json, outcome

JudgeSignature = Callable[[bytes, str, datetime], tuple[Finding, ...]]
"""What is wrong with the signature of a Hodemelding from an organisation (by number) at a moment."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`base` is the canonical base of our own code systems; `address` the one resources are served under.

    `home` is the organisation number that signs what the adapter itself says. `max_bytes` and `max_depth`
    bound every message and resource at the door. `judge_signature` is None where signatures are not looked at,
    `sign` (a Hodemelding in, the same with our signature out) where we do not sign.
    """

    store: Store
    tables: Tables
    partners: Partners
    directory: Directory
    clock: Clock
    schedule: Schedule
    environment: Environment
    base: str
    address: str
    home: str
    secret: bytes
    max_bytes: int
    max_depth: int
    version: str
    judge_signature: JudgeSignature | None = None
    sign: Callable[[bytes], bytes] | None = None

    @property
    def event_system(self) -> str:
        return f"{self.base}/CodeSystem/message-event"

    def refusal(self, *findings: Finding) -> Answer:
        """An OperationOutcome with the status of its first error."""
        errors = self.tables.problems.errors(findings) or findings
        body = json.dumps(outcome.operation_outcome(findings, self.tables.problems, base=self.base))
        problem = self.tables.problems[errors[0].problem]
        retry = 5 if problem.issue == "transient" else None
        return Answer(problem.http, "application/fhir+json", body, retry_after=retry)
