"""Whether memory is flat: what a process holds, weighed every ten simulated minutes."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

MEGABYTE = 1_000_000
ALLOWED = 5 * MEGABYTE
"""Growth over 24 hours that still counts as flat."""
BURST = 48 * MEGABYTE
"""What a process may hold more than in the quiet evening: batches and calls side by side while a partner is away or
slow. The C library keeps such pages, so they stay; what matters is that they are bounded."""
_PARTS = 24

Sample = tuple[float, int]
"""The share of the day's requests that has been answered (0 to 1), and bytes."""


def growth(samples: Sequence[Sample]) -> float:
    """Bytes that a whole day's messages add, as the middle one of 24 equal parts of the work has it.

    A leak is so much for each message and raises every part; a burst raises one or two, and leaves the middle where it
    is. Memory is held against work and not against time, because a night proves nothing.
    """
    at_ends = [_nearest(samples, part / _PARTS) for part in range(_PARTS + 1)]
    rates = sorted((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(at_ends) if b[0] > a[0])
    return rates[len(rates) // 2] if rates else 0.0


def burst(samples: Sequence[Sample]) -> int:
    """Bytes by which the highest lies over the first."""
    return max(held for _, held in samples) - samples[0][1]


def too_much(weighed: Mapping[str, Sequence[Sample]], warm: float) -> list[str]:
    """The processes that leak, or whose bursts are too high, after the first `warm` share of the day's work."""
    after = {name: [s for s in samples if s[0] >= warm] for name, samples in weighed.items()}
    return [name for name, kept in after.items() if growth(kept) > ALLOWED or burst(kept) > BURST]


def _nearest(samples: Sequence[Sample], share: float) -> Sample:
    return min(samples, key=lambda sample: abs(sample[0] - share))
