"""Who has read or got what of a case: what a person may ask for (pasientjournalloven § 18; pbrl § 5-1; R-138)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

How = Literal["read", "got", "may-have-got", "looked-up-here"]
"""read: fetched it itself. got: it was sent, and its coming was confirmed. may-have-got: it was sent, and what came of
that is not known. looked-up-here: by a person who runs the adapter."""
Basis = Literal["consent", "no-consent-needed", "handles-the-case", "own-work", "stated-reason", "not-known"]
"""consent: those named. handles-the-case: the unit or the hospital whose the case is. own-work: wrote it itself.
stated-reason: a person here, whose reason stands in the audit. not-known: what it rested on is no longer there."""


@dataclass(frozen=True, slots=True)
class Access:
    """One time somebody read or got something. `who` is an organisation number, or the user of who runs the adapter;
    `what` types of resources, or the category of a message whose content is gone; `consents` their ids."""

    at: datetime
    who: str
    name: str
    how: How
    what: tuple[str, ...]
    basis: Basis
    consents: tuple[str, ...] = ()
