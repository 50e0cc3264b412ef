"""Histograms of bits -> their quantiles."""

from collections.abc import Mapping

BINS_A_BIT = 16


def quantile(counts: Mapping[int, int], share: float) -> float:
    """Return the upper edge, in bits, of the first bin up to which ``share`` of the counts lie.

    ``counts`` are by bits in sixteenths, rounded up. It is 0 if there are none.
    """
    limit = share * sum(counts.values())
    total = 0
    for bin_, count in sorted(counts.items()):
        total += count
        if total >= limit:
            return bin_ / BINS_A_BIT
    return 0.0
