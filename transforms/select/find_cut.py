"""Units of judged pairs -> the cut of ``--keep-fraction``: the rank of the last pair that is kept.

No process ever holds all ranks. A rank is read as four digits, each finer than the one before. A
round counts the pairs with the known leading digits by their next digit, exactly, and appends the
digit at which the number of pairs to keep is reached.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt

from ...schemas.unit import Unit
from ..sum_counts import sum_counts
from .decide import is_counted
from .rank_pairs import RANK, Cut, Ranks, bases, kept_count, ranks

_COARSE_SHIFT = 40
_UID_DIGITS = 4

Digit = Any
"""Part of a rank: digits sort like the ranks that they are part of."""


@dataclass(frozen=True, slots=True)
class Position:
    """The leading digits of the cut, and how many of the pairs with these digits are kept."""

    digits: tuple[Digit, ...]
    kept: int


Positions = Mapping[str, Position]
"""By basis; ``kept`` is 0 for a basis of which no pair is kept."""


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


def _uid_prefix(ranked: Ranks) -> npt.NDArray[Any]:
    return ranked["uid"].astype(f"S{_UID_DIGITS}")


def _uid(ranked: Ranks) -> npt.NDArray[Any]:
    uids: npt.NDArray[Any] = ranked["uid"]
    return uids


_DIGITS: tuple[Callable[[Ranks], npt.NDArray[Any]], ...] = (_coarse, _exact, _uid_prefix, _uid)
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


def to_cut(positions: Positions) -> Cut:
    """Return the ranks at the positions of the last round."""
    return {basis: _rank(position) for basis, position in positions.items()}


def _rank(position: Position) -> Ranks:
    if position.kept == 0:
        return np.zeros(0, RANK)
    _, exact, _, uid = position.digits
    return np.array([(exact.real, exact.imag, uid)], RANK)


def _count(unit: Unit, positions: Positions) -> Iterator[tuple[str, Counter[Digit]]]:
    table = unit.table.filter(is_counted(unit))
    ranked, basis = ranks(table), bases(table)
    for name in np.unique(basis.astype(str)).tolist():
        position = positions.get(name)
        if position is None or position.kept:
            leading = position.digits if position else ()
            yield name, count_digits(ranked[basis == name], leading)


def _narrow(
    counts: Iterable[tuple[str, Counter[Digit]]], positions: Positions, fraction: float
) -> Positions:
    narrowed = {b: narrow(positions.get(b), Counter(c), fraction) for b, c in counts}
    return {**positions, **narrowed}


@dataclass
class NarrowCut(beam.PTransform):
    """Units without duplicates -> the Positions of a side input, with one more digit."""

    fraction: float
    positions: beam.pvalue.AsSingleton

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Count digits" >> beam.FlatMap(_count, self.positions)
            | "Sum digits" >> beam.CombinePerKey(sum_counts)
            | "Gather digits" >> beam.combiners.ToList()
            | "Narrow" >> beam.Map(_narrow, self.positions, self.fraction)
        )
