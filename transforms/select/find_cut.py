"""Units of judged pairs -> where ``--keep-fraction`` cuts: the rank of the last pair that is kept.

No place ever holds all ranks. A rank is read as four digits, each finer than the one before; a
round counts the pairs that agree with the digits found so far by their next digit, exactly, and
takes the digit at which the wanted number of pairs is reached.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt

from ...schemas.unit import Unit
from ..information.count_facts import SumCounts
from .decide import is_counted
from .rank_pairs import RANK, Cut, Ranks, bases, kept_count, ranks

_COARSE_SHIFT = 40
_UID_DIGITS = 4

Digit = Any
"""A value that sorts as the ranks do which have it."""


@dataclass(frozen=True, slots=True)
class Position:
    """The digits found so far, and how many of the pairs that have them are kept."""

    digits: tuple[Digit, ...]
    kept: int


Positions = Mapping[str, Position]
"""By basis; one of which nothing is kept has a position without pairs."""


def _coarse(ranked: Ranks) -> npt.NDArray[Any]:
    """Return the leading bits of the imbalance, as integers in the order of the numbers."""
    bits = (ranked["imbalance"] + 0.0).view(np.int64)  # + 0.0: one zero, not two
    found: npt.NDArray[Any] = np.where(bits < 0, bits ^ np.int64(2**63 - 1), bits) >> _COARSE_SHIFT
    return found


def _exact(ranked: Ranks) -> npt.NDArray[Any]:
    """Return imbalance and disagreement, as one complex number: these sort by both in turn."""
    found = np.empty(len(ranked), np.complex128)
    found.real, found.imag = ranked["imbalance"] + 0.0, ranked["disagreement"] + 0.0
    return found


def _uid_prefix(ranked: Ranks) -> npt.NDArray[Any]:
    return ranked["uid"].astype(f"S{_UID_DIGITS}")


def _uid(ranked: Ranks) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = ranked["uid"]
    return found


_DIGITS: tuple[Callable[[Ranks], npt.NDArray[Any]], ...] = (_coarse, _exact, _uid_prefix, _uid)
ROUNDS = len(_DIGITS)


def count_digits(ranked: Ranks, found: tuple[Digit, ...]) -> Counter[Digit]:
    """Count the next digit of those ranks that begin with the digits ``found``."""
    for digits, digit in zip(_DIGITS, found, strict=False):
        ranked = ranked[digits(ranked) == digit]
    values, counts = np.unique(_DIGITS[len(found)](ranked), return_counts=True)
    return Counter(dict(zip(values.tolist(), counts.tolist(), strict=True)))


def narrow(position: Position | None, counts: Counter[Digit], fraction: float) -> Position:
    """Return the position one digit further; the first round says how many are kept of all."""
    if position is None:
        position = Position((), kept_count(fraction, counts.total()))
    if position.kept == 0:
        return position
    passed = 0
    for digit in sorted(counts, key=_sort_key):
        if passed + counts[digit] >= position.kept:
            return Position((*position.digits, digit), position.kept - passed)
        passed += counts[digit]
    raise ValueError(f"{position.kept} pairs were counted before, {passed} are left")


def _sort_key(digit: Digit) -> Digit:
    return (digit.real, digit.imag) if isinstance(digit, complex) else digit


def to_cut(positions: Positions) -> Cut:
    """Return the ranks that the positions of the last round stand for."""
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
            found = position.digits if position else ()
            yield name, count_digits(ranked[basis == name], found)


def _narrow(
    counted: Iterable[tuple[str, Counter[Digit]]], positions: Positions, fraction: float
) -> Positions:
    found = {basis: narrow(positions.get(basis), c, fraction) for basis, c in counted}
    return {**positions, **found}


@dataclass
class NarrowCut(beam.PTransform):
    """Units without duplicates -> Positions one digit further than those of a side input."""

    fraction: float
    positions: beam.pvalue.AsSingleton

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Count digits" >> beam.FlatMap(_count, self.positions)
            | "Sum digits" >> beam.CombinePerKey(SumCounts())
            | "Gather digits" >> beam.combiners.ToList()
            | "Narrow" >> beam.Map(_narrow, self.positions, self.fraction)
        )
