"""Synthetic people, as many as a day needs: each with an identity number of Skatteetaten's synthetic form."""

from datetime import date, timedelta

_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_OLDEST = date(1925, 1, 1)


def person(number: int) -> tuple[str, date]:
    """Identity number and birth date of the n-th person: born on the n-th day since 1925 (before 1999: n < 27 000)."""
    born = _OLDEST + timedelta(days=number)
    head = f"{born.day:02}{born.month + 80:02}{born.year % 100:02}"
    for serial in range(100, 500):
        nine = f"{head}{serial}"
        ten = nine + _check(nine, _FIRST)
        eleven = ten + _check(ten, _SECOND) if ten.isdigit() else "-"
        if eleven.isdigit():
            return eleven, born
    raise ValueError("no number is left for that day")


def _check(digits: str, weights: tuple[int, ...]) -> str:
    """The check digit; "-" where the remainder leaves none."""
    remainder = -sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 11
    return "-" if remainder == 10 else str(remainder)
