"""Which day it is: law counts days in Norway, clocks run in UTC."""

from datetime import MAXYEAR, UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")


def norwegian_day(at: datetime) -> date:
    """The day on the calendar in Norway at a moment (with zone); at the ends of time the first or last there is."""
    try:
        return at.astimezone(OSLO).date()
    except OverflowError:
        return date.max if at.year == MAXYEAR else date.min


def begins(day: date) -> datetime:
    """The first moment of a day in Norway, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=OSLO).astimezone(UTC)


def within(start: str | None, end: str | None, at: datetime) -> bool:
    """Whether a moment (with zone) is in a period of FHIR dateTimes; a side that is not given is open."""
    begins, ends = first_moment(start), moment_after(end)
    return (begins is None or begins <= at) and (ends is None or at < ends)


def first_moment(text: str | None) -> datetime | None:
    """The first moment of a FHIR dateTime of any precision; a date is a day in Norway."""
    if text is None:
        return None
    whole = text if len(text) > len("YYYY-MM") else f"{text}-01-01"[: len("YYYY-MM-DD")]
    moment = datetime.fromisoformat(_without_leap_second(whole))
    return moment if moment.tzinfo else moment.replace(tzinfo=OSLO)


def _without_leap_second(text: str) -> str:
    """FHIR allows the second 60, the calendar here does not: it is the last whole second before it."""
    return f"{text[:17]}59{text[19:]}" if text[16:19] == ":60" else text


def moment_after(text: str | None) -> datetime | None:
    """The first moment after a FHIR dateTime: the end of a period includes its last day, month or year."""
    start = first_moment(text)
    if start is None or text is None or len(text) > len("YYYY-MM-DD"):
        return start
    if start.year == MAXYEAR:
        return None  # "9999-12-31" is how systems write that there is no end
    if len(text) == len("YYYY-MM-DD"):
        return start + timedelta(days=1)
    months = 1 if len(text) == len("YYYY-MM") else 12
    month = start.month - 1 + months
    return start.replace(year=start.year + month // 12, month=month % 12 + 1)


def first_day(text: str | None) -> date | None:
    """The first day in Norway of a period that begins with this FHIR dateTime, of any precision; None is open."""
    start = first_moment(text)
    return None if start is None else norwegian_day(start)


def last_day(text: str | None) -> date | None:
    """The last day in Norway of a period that ends with this FHIR dateTime, of any precision; None is open."""
    end = moment_after(text)
    if end is None or text is None:
        return None
    return norwegian_day(end if len(text) > len("YYYY-MM-DD") else end - timedelta(days=1))
