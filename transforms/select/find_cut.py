"""Units of judged pairs -> the cut of ``--keep-fraction``: the rank of the last pair that is kept.

No process ever holds all ranks. A rank is read as four digits, each finer than the one before. A
round counts the pairs with the known leading digits by their next digit, exactly, and appends the
digit at which the number of pairs to keep is reached.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt

from ...schemas.unit import Unit
from ..sum_counts import sum_counts
from .decide import is_counted
from .rank_pairs import RANK, Cut, Ranks, kept_count, ranks

_COARSE_SHIFT = 40
_UID_DIGITS = 4

Digit = Any
"""Part of a rank: digits sort like the ranks that they are part of."""


@dataclass(frozen=True, slots=True)
class Position:
    """The leading digits of the cut, and how many of the pairs with these digits are kept.

    ``kept`` is 0 only if no pair is kept at all.
    """

    digits: tuple[Digit, ...]
    kept: int


def _coarse(ranked: Ranks) -> npt.NDArray[Any]:
    """Return the leading bits of the imbalance, as integers in the order of the numbers."""
    bits = (ranked["imbalance"] + 0.0).view(np.int64)  # + 0.0: one zero, not two
    ordered: npt.NDArray[Any] = np.where(bits < 0, bits ^ np.int64(2**63 - 1), bits)
    return ordered >> _COARSE_SHIFT


def _exact(ranked: Ranks) -> npt.NDArray[Any]:
    """Return imbalance and disagreement as complex numbers, which sort by both in turn."""
    digits = np.empty(len(ranked), np.complex128)
    digits.real, digits.imag = ranked["imbalance"] + 0.0, ranked["disagreement"] + 0.0
    return digits


def _source(ranked: Ranks) -> npt.NDArray[Any]:
    """Return source and the beginning of the uid as strings, which sort by both in turn."""
    return np.char.add(ranked["source"].astype("S1"), ranked["uid"].astype(f"S{_UID_DIGITS}"))


def _uid(ranked: Ranks) -> npt.NDArray[Any]:
    uids: npt.NDArray[Any] = ranked["uid"]
    return uids


_DIGITS: tuple[Callable[[Ranks], npt.NDArray[Any]], ...] = (_coarse, _exact, _source, _uid)
ROUNDS = len(_DIGITS)


def count_digits(ranked: Ranks, leading: tuple[Digit, ...]) -> Counter[Digit]:
    """Count the next digit of the ranks that begin with the digits ``leading``."""
    for digits, digit in zip(_DIGITS, leading, strict=False):
        ranked = ranked[digits(ranked) == digit]
    values, counts = np.unique(_DIGITS[len(leading)](ranked), return_counts=True)
    return Counter(dict(zip(values.tolist(), counts.tolist(), strict=True)))


def narrow(position: Position | None, counts: Counter[Digit], fraction: float) -> Position:
    """Return the position with one more digit.

    Without a position, the counts are those of all pairs, and give the number to keep.
    """
    if position is None:
        position = Position((), kept_count(fraction, counts.total()))
    if position.kept == 0:
        return position
    before = 0
    for digit in sorted(counts, key=_sort_key):
        if before + counts[digit] >= position.kept:
            return Position((*position.digits, digit), position.kept - before)
        before += counts[digit]
    raise ValueError(f"{position.kept} pairs are to be kept, but only {before} were counted")


def _sort_key(digit: Digit) -> Digit:
    return (digit.real, digit.imag) if isinstance(digit, complex) else digit


def to_cut(position: Position | None) -> Cut:
    """Return the rank at the position of the last round; None without one."""
    if position is None:
        return None
    if position.kept == 0:
        return np.zeros(0, RANK)
    _, exact, source, uid = position.digits
    return np.array([(exact.real, exact.imag, int(source[:1]), uid)], RANK)


def _count(unit: Unit, position: Position | None) -> Counter[Digit]:
    if position is not None and not position.kept:
        return Counter()
    ranked = ranks(unit.table.filter(is_counted(unit)))
    return count_digits(ranked, position.digits if position else ())


def _narrow(counts: Counter[Digit], position: Position | None, fraction: float) -> Position:
    return narrow(position, Counter(counts), fraction)


@dataclass
class NarrowCut(beam.PTransform):
    """Units without duplicates -> the Position of a side input, with one more digit."""

    fraction: float
    position: beam.pvalue.AsSingleton

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Count digits" >> beam.Map(_count, self.position)
            | "Sum digits" >> beam.CombineGlobally(sum_counts)
            | "Narrow" >> beam.Map(_narrow, self.position, self.fraction)
        )
