"""A word as it is written in haste: as it is, or with one letter left out, put in, other, or swapped with the next."""


def one_slip(word: str) -> str:
    """A regular expression for the word with at most one slip.

    One half of it is always whole (but where the two letters in the middle are swapped), so these halves are words
    that can be looked for first.
    """
    middle = len(word) // 2
    left, right = word[:middle], word[middle:]
    swapped = f"{left[:-1]}{right[0]}{left[-1]}{right[1:]}"
    return f"(?:{left}(?:{_slips(right)})|(?:{_slips(left)}){right}|{swapped})"


def _slips(part: str) -> str:
    ends = range(len(part))
    other_or_out = [f"{part[:at]}\\w?{part[at + 1 :]}" for at in ends]
    put_in = [f"{part[:at]}\\w{part[at:]}" for at in range(len(part) + 1)]
    swapped = [f"{part[:at]}{part[at + 1]}{part[at]}{part[at + 2 :]}" for at in ends[:-1]]
    return "|".join([*other_or_out, *put_in, *swapped])
