"""Whether memory is flat: what a process holds, weighed every simulated hour."""

from collections.abc import Mapping, Sequence
from statistics import linear_regression

MEGABYTE = 1_000_000
ALLOWED = 5 * MEGABYTE
"""Growth over 24 hours that still counts as flat."""


def growth(samples: Sequence[tuple[float, int]]) -> float:
    """Bytes that would be added by a whole day's messages, by a straight line through the samples.

    `samples`: the share of the day's requests that has been answered (0 to 1), and bytes. Memory is held against work
    and not against time: a leak is so much for each message, a night proves nothing, and the first burst, which makes
    threads and connections, is over when the day begins.
    """
    if len({share for share, _ in samples}) < 2:
        return 0.0
    return linear_regression(*zip(*samples, strict=True)).slope


def too_much(weighed: Mapping[str, Sequence[tuple[float, int]]], warm: float) -> list[str]:
    """The processes whose memory grew by more than allowed after the first `warm` share of the day's work.

    Counted is the smaller of two, the line and the rise of the highest: a line can be bent by one sample, and a maximum
    by one burst; a leak shows in both.
    """
    found = []
    for name, samples in weighed.items():
        after = [sample for sample in samples if sample[0] >= warm]
        if min(growth(after), risen(after)) > ALLOWED:
            found.append(name)
    return found


def risen(samples: Sequence[tuple[float, int]]) -> float:
    """Bytes by which the highest of the second half lies over the highest of the first, for a whole day's work."""
    if not samples:
        return 0.0
    middle = (samples[0][0] + samples[-1][0]) / 2
    first = [held for share, held in samples if share <= middle]
    second = [held for share, held in samples if share > middle]
    return 2.0 * (max(second) - max(first)) if first and second else 0.0
