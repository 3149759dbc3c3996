"""The closed list of ways a value changes form between a format and a fact.

Each takes the text of one leaf and gives the text of the fact, or raises Misfit with the problem's name.
A condition or a default is a rule of the domain and does not belong here.
"""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial

from adapter.domain import person
from adapter.domain.days import OSLO


class Misfit(Exception):  # noqa: N818 - named by what it says
    """The value does not have the form; `problem` names the row of the catalogue, the value stays behind."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def text(value: str) -> str:
    """Whitespace collapsed."""
    return " ".join(value.split())


def uuid_value(value: str) -> str:
    """A UUID in lower case, with or without `urn:uuid:` before it."""
    try:
        return str(uuid.UUID(value.strip().removeprefix("urn:uuid:")))
    except ValueError:
        raise Misfit("malformed-value") from None


def uuid_urn(value: str) -> str:
    """A UUID as URI, the form identifiers without a national system have (RFC 9562)."""
    return f"urn:uuid:{value}"


def day(value: str) -> str:
    """A calendar date, YYYY-MM-DD."""
    try:
        return date.fromisoformat(value.strip()).isoformat()
    except ValueError:
        raise Misfit("malformed-value") from None


def instant(value: str) -> str:
    """A point in time with offset. Without a zone it is Norwegian time, as senders of XML mean it."""
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        raise Misfit("malformed-value") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=OSLO)
    return moment.isoformat(timespec="seconds")


def identity_number(value: str, kind: person.Kind) -> str:
    """Eleven digits with right check digits, a number of its kind; spaces are taken out."""
    number = re.sub(r"\s", "", value)
    known = person.classify(number)
    if known is None:
        raise Misfit("wrong-check-digit")
    if known.kind != kind:
        raise Misfit("other-kind-of-number")
    return number


def phone(value: str) -> str:
    """A telephone number without the scheme `tel:`."""
    return re.sub(r"\s", "", value).removeprefix("tel:")


def digits(value: str) -> str:
    """Digits 0–9 only."""
    number = re.sub(r"\s", "", value)
    if not (number.isascii() and number.isdigit()):
        raise Misfit("malformed-value")
    return number


def truth(value: str) -> str:
    """An xs:boolean as `true` or `false`."""
    said = {"true": "true", "1": "true", "false": "false", "0": "false"}.get(value.strip())
    if said is None:
        raise Misfit("malformed-value")
    return said


TRANSFORMS: Mapping[str, Callable[[str], str]] = {
    "text": text,
    "uuid": uuid_value,
    "uuid_urn": uuid_urn,
    "day": day,
    "instant": instant,
    "national_number": partial(identity_number, kind="fnr"),
    "d_number": partial(identity_number, kind="dnr"),
    "register_number": partial(identity_number, kind="fhn"),
    "phone": phone,
    "digits": digits,
    "truth": truth,
}
WRITTEN: Mapping[str, Callable[[str], str | int]] = {**TRANSFORMS, "number": int}
"""Those and the ways a fact, which is always text, is written."""
