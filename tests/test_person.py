"""Identity numbers: check digits, kinds, synthetic series, birth dates."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.no import fodselsnummer

from adapter.domain import person

FIRST, SECOND = (3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def completed(nine: str) -> str | None:
    """The number with the check digits of the rule in force, made here without the code under test."""
    ten = nine
    for weights in (FIRST, SECOND):
        digit = -sum(w * int(d) for w, d in zip(weights, ten, strict=True)) % 11
        if digit == 10:
            return None
        ten += str(digit)
    return ten


nines = st.builds(
    lambda born, serial, month, day: (
        f"{born.day + day:02d}{born.month + month:02d}{born.year % 100:02d}{serial:03d}"
    ),
    st.dates(date(1940, 1, 1), date(1999, 12, 31)),
    st.integers(0, 499),
    st.sampled_from((0, 65, 80)),
    st.sampled_from((0, 40)),
)


@given(nines)
def test_what_is_built_by_the_rule_is_read_back(nine: str) -> None:
    """Kind and series are those the number was built with."""
    number = completed(nine)
    if number is None:
        return
    known = person.classify(number)
    assert known is not None
    assert known.kind == ("dnr" if int(nine[:2]) > 40 else "fnr")
    assert known.synthetic == (int(nine[2:4]) > 12)
    assert known.born is not None
    assert 1940 <= known.born.year <= 1999


@given(nines, st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(nine: str, position: int, shift: int) -> None:
    """Every single wrong digit is found, but for what the rule of 2032 allows in the first check digit."""
    number = completed(nine)
    if number is None:
        return
    wrong = number[:position] + str((int(number[position]) + shift) % 10) + number[position + 1 :]
    assert (
        person.classify(wrong) is None or person.classify(wrong) != person.classify(number) or position == 9
    )


@given(st.text("0123456789", min_size=11, max_size=11))
def test_ordinary_numbers_agree_with_the_library(number: str) -> None:
    """What python-stdnum takes for a fødselsnummer or D-number with a birth date, so do we."""
    if fodselsnummer.is_valid(number) and int(number[2:4]) <= 12 and number[0] not in "89":
        assert person.classify(number) is not None


@pytest.mark.parametrize(
    "number", ["", "2190529710", "219052971011", "2190529710a", "２１９０５２９７１０１", "21905297102"]
)
def test_what_is_no_number_is_none(number: str) -> None:
    assert person.classify(number) is None


def test_a_number_of_a_health_register_has_no_birth_date() -> None:
    """FHN begin with 8 or 9 and are never taken for synthetic."""
    number = next(n for serial in range(999) if (n := completed(f"812345{serial:03d}")))
    assert person.classify(number) == person.PersonNumber("fhn", synthetic=False, born=None)


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(2008, 3, 10), date(2026, 3, 9), 17),
        (date(2008, 3, 10), date(2026, 3, 10), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_counts_whole_years(born: date, on: date, years: int) -> None:
    """A birthday counts from its first hour; who is born on 29 February is older from 1 March."""
    assert person.age(born, on) == years
