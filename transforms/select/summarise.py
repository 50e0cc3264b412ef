"""Units of decisions -> what a selection did to its corpus, in numbers that a person can check."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.tables import FACTS
from ...schemas.unit import Unit
from ...storage import files
from ..information.count_facts import sum_counts
from ..information.full_level import quantile

BINS = {"bits": 16, "share": 1000}
"""How finely values are told apart: sixteenths of a bit, thousandths of a share."""

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)

Tallies = Counter[tuple[Any, ...]]
"""Counts by name and value, all of them integers: any order of adding them gives the same."""

_VALUES = (
    ("bits_before", "raw_bits", "bits", False),
    ("bits_after", "information_bits", "bits", True),
    ("object_share_before", "raw_object_share", "share", False),
    ("object_share_after", "object_share", "share", True),
)
_IMBALANCES = (("imbalance_before", False), ("imbalance_after", True))


def tallies(unit: Unit) -> Tallies:
    """Count the pairs of a unit by what they say, before and after."""
    table = unit.table
    kept = table["reason"].is_null()
    found: Tallies = Counter({("pairs",): table.num_rows, ("kept",): pc.sum(kept).as_py() or 0})
    for name, column, kind, of_kept in _VALUES:
        found.update(_binned(name, table.filter(kept)[column] if of_kept else table[column], kind))
    for name, of_kept in _IMBALANCES:
        rows = table.filter(kept) if of_kept else table
        for basis in ("reference", "corpus"):
            of_basis = rows.filter(pc.equal(rows["imbalance_basis"], basis))
            found.update(_binned(f"{name}_{basis}", of_basis[name], "share"))
    found.update(_words(table, kept))
    found.update(_presence(table))
    return found


def _binned(name: str, column: pa.ChunkedArray, kind: str) -> Tallies:
    values = np.ceil(column.drop_null().to_numpy() * BINS[kind]).astype(int)
    bins, counts = np.unique(values, return_counts=True)
    return Counter({(name, b): c for b, c in zip(bins.tolist(), counts.tolist(), strict=True)})


def _words(table: pa.Table, kept: pa.ChunkedArray) -> Tallies:
    """Count the pairs with bits by words and bits, and by words and whether they are kept."""
    known = table["raw_bits"].is_valid()
    words = table["words"].filter(known).to_numpy().astype(int)
    bits = np.ceil(table["raw_bits"].filter(known).to_numpy() * BINS["bits"]).astype(int)
    chosen = kept.filter(known).to_numpy(zero_copy_only=False).astype(int)
    found: Tallies = Counter()
    for name, other in (("words_bits", bits), ("words_kept", chosen)):
        both, counts = np.unique(np.stack([words, other]), axis=1, return_counts=True)
        rows = zip(*both.tolist(), counts.tolist(), strict=True)
        found.update({(name, w, o): count for w, o, count in rows})
    return found


def _presence(table: pa.Table) -> Tallies:
    """Add up what references state and captions name, over all pairs and over the sample."""
    found: Tallies = Counter()
    for where, rows in (("enriched", table), ("sample", table.filter(table["sampled"]))):
        for name in (f"{kind}_{part}" for kind in FACTS.names for part in ("known", "named")):
            found["presence", where, name] += pc.sum(rows[name]).as_py() or 0
    return found


def measures(parts: Iterable[Tallies]) -> dict[str, Any]:
    """Return the numbers of the whole corpus.

    ``rank_correlation`` is Spearman's of bits and words over all captions. ``kept_by_words_too`` is
    the share of the kept pairs that a filter would have kept, too, that keeps as many of the
    longest captions by words; where it must choose among captions of equal length, its expectation.
    """
    total = sum_counts(parts)
    named = [name for name, *_ in _VALUES]
    named += [f"{name}_{basis}" for name, _ in _IMBALANCES for basis in ("reference", "corpus")]
    found: dict[str, Any] = {"pairs": total["pairs",], "kept": total["kept",]}
    found |= {name: _quantiles(total, name, _bins_of(name)) for name in named}
    found["rank_correlation"] = _rank_correlation(_table(total, "words_bits"))
    found["kept_by_words_too"] = _kept_by_words(_table(total, "words_kept"))
    return found | _presences(total)


def _bins_of(name: str) -> int:
    return BINS["bits" if name.startswith("bits") else "share"]


def _quantiles(total: Tallies, name: str, bins: int) -> dict[str, float] | None:
    counts = Counter({int(key[1]): count for key, count in total.items() if key[0] == name})
    if not counts:
        return None
    return {f"{share:g}": _edge(counts, share, bins) for share in QUANTILES}


def _edge(counts: Mapping[int, int], share: float, bins: int) -> float:
    return quantile(counts, share) * BINS["bits"] / bins


def _table(total: Tallies, name: str) -> npt.NDArray[np.int64]:
    """Return the rows (first value, second value, count) of a joint count."""
    rows = sorted((*key[1:], count) for key, count in total.items() if key[0] == name)
    return np.array(rows, np.int64).reshape(-1, 3)


def _rank_correlation(rows: npt.NDArray[np.int64]) -> float | None:
    """Return Spearman's correlation of two columns, weighted by the third; ties share a rank."""
    count = rows[:, 2].astype(float)
    if count.sum() < 2:
        return None
    first, second = (_centred_ranks(rows[:, at], count) for at in (0, 1))
    spread = np.sqrt((count * first**2).sum() * (count * second**2).sum())
    return float((count * first * second).sum() / spread) if spread else None


def _centred_ranks(values: npt.NDArray[np.int64], count: npt.NDArray[np.float64]) -> Any:  # noqa: ANN401
    _, at = np.unique(values, return_inverse=True)
    of_value = np.bincount(at, weights=count)
    middle = np.cumsum(of_value) - of_value / 2
    return middle[at] - count.sum() / 2


def _kept_by_words(rows: npt.NDArray[np.int64]) -> float | None:
    wanted = float(rows[rows[:, 1] == 1, 2].sum())
    if not wanted:
        return None
    left, both = wanted, 0.0
    for words in np.unique(rows[:, 0])[::-1]:
        of_length = rows[rows[:, 0] == words]
        there = float(of_length[:, 2].sum())
        taken = min(left, there)
        both += taken / there * float(of_length[of_length[:, 1] == 1, 2].sum())
        left -= taken
    return both / wanted


def _presences(total: Tallies) -> dict[str, Any]:
    """Return each presence and the bias, from the random sample where there is one."""
    where = "sample" if total["presence", "sample", "objects_known"] else "enriched"
    shares = {}
    for kind in FACTS.names:
        known = total["presence", where, f"{kind}_known"]
        named = total["presence", where, f"{kind}_named"]
        shares[kind] = named / known if known else None
    objects, attributes = shares["objects"], shares["attributes"]
    bias = None if objects is None or attributes is None else objects - attributes
    basis = where if any(share is not None for share in shares.values()) else None
    return {"presence": shares, "presence_bias": bias, "presence_basis": basis}


def keep_measures(parts: Iterable[Tallies], path: str) -> str:
    """Write the measures of the whole corpus to ``path`` as JSON."""
    files.write_bytes(path, json.dumps(measures(parts), sort_keys=True).encode())
    return path


@dataclass
class Summarise(beam.PTransform):
    """Units of decisions -> the path of the numbers of the whole corpus."""

    path: str

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Tally" >> beam.Map(tallies)
            | "Add up" >> beam.CombineGlobally(sum_counts)
            | "Measure" >> beam.Map(lambda total, path: keep_measures([total], path), self.path)
        )
