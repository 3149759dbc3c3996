"""What is done when a deadline turns: people are told, without content."""

from datetime import datetime

from adapter.domain.case import Case
from adapter.domain.deadline import Deadline, Stage
from adapter.flows.parts import Parts
from adapter.ports import Transaction


def remind(tx: Transaction, case: Case, deadline: Deadline, stage: Stage, at: datetime, parts: Parts) -> None:
    """Tell those whom the rule names, at each stage once. `at` is when it came to that stage, which after an outage was
    long ago; a stop is told only of what had begun to be kept."""
