"""Which day it is: law counts days in Norway, clocks run in UTC."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")


def norwegian_day(at: datetime) -> date:
    """The day on the calendar in Norway at a moment (with zone)."""
    return at.astimezone(OSLO).date()
