"""Units of decided pairs -> the measures of a selection: distributions before and after it."""

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

from ...schemas.facts import FACTS
from ...schemas.unit import Unit
from ...storage import files
from ..information.full_level import quantile
from ..sum_counts import sum_counts
from .decide import was_counted
from .rank_pairs import Cut, deciding

BINS = {"bits": 16, "share": 1000}
"""Bins of the histograms: for each bit, and for the range of a share."""

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)

Tallies = Counter[tuple[Any, ...]]
"""Integer counts by name and value; their sum does not depend on the order."""

_VALUES = (
    ("bits_before", "raw_bits", "bits", False),
    ("bits_after", "information_bits", "bits", True),
    ("object_share_before", "raw_object_share", "share", False),
    ("object_share_after", "object_share", "share", True),
    ("image_bits", "image_bits", "bits", False),
    ("imbalance_before", "imbalance_before", "share", False),
    ("imbalance_after", "imbalance_after", "share", True),
    ("coverage", "coverage", "share", False),
    ("agreement", "agreement", "share", False),
)

_KINDS = {name: kind for name, _, kind, _ in _VALUES}


def tallies(unit: Unit, cut: Cut = None) -> Tallies:
    """Count the pairs of a unit by their values, before and after the selection.

    Also count them by the reason for which they were rejected, and by what put them before or after
    the ``cut``.
    """
    table = unit.table
    is_kept = table["reason"].is_null()
    kept = pc.sum(is_kept).as_py() or 0
    counts: Tallies = Counter({("pairs",): table.num_rows, ("kept",): kept})
    for name, column, kind, of_kept in _VALUES:
        rows = table.filter(is_kept) if of_kept else table
        counts.update(_binned(name, rows[column], kind))
    counts.update({("reason", reason): n for reason, n in _by_reason(table)})
    ranked = table.filter(pa.array(was_counted(unit)))
    counts.update({("decided", name): n for name, n in deciding(ranked, cut).items()})
    counts.update(_words(table, is_kept))
    counts.update(_presence(table))
    return counts


def _by_reason(table: pa.Table) -> list[tuple[str, int]]:
    counts = table["reason"].drop_null().value_counts().to_pylist()
    return [(row["values"], row["counts"]) for row in counts]


def _binned(name: str, column: pa.ChunkedArray, kind: str) -> Tallies:
    values = np.ceil(column.drop_null().to_numpy() * BINS[kind]).astype(int)
    bins, counts = np.unique(values, return_counts=True)
    return Counter({(name, b): c for b, c in zip(bins.tolist(), counts.tolist(), strict=True)})


def _words(table: pa.Table, is_kept: pa.ChunkedArray) -> Tallies:
    """Count the pairs with bits by words and bits, and by words and whether they are kept."""
    known = table["raw_bits"].is_valid()
    words = table["words"].filter(known).to_numpy().astype(int)
    bits = np.ceil(table["raw_bits"].filter(known).to_numpy() * BINS["bits"]).astype(int)
    kept = is_kept.filter(known).to_numpy(zero_copy_only=False).astype(int)
    tallies: Tallies = Counter()
    for name, other in (("words_bits", bits), ("words_kept", kept)):
        pairs, counts = np.unique(np.stack([words, other]), axis=1, return_counts=True)
        rows = zip(*pairs.tolist(), counts.tolist(), strict=True)
        tallies.update({(name, w, o): count for w, o, count in rows})
    return tallies


def _presence(table: pa.Table) -> Tallies:
    """Count the facts that references state and captions name, in all pairs and in the sample."""
    counts: Tallies = Counter()
    for where, rows in (("enriched", table), ("sample", table.filter(table["sampled"]))):
        for name in (f"{kind}_{part}" for kind in FACTS.names for part in ("known", "named")):
            counts["presence", where, name] += pc.sum(rows[name]).as_py() or 0
    return counts


def measures(parts: Iterable[Tallies]) -> dict[str, Any]:
    """Return the measures of the whole corpus.

    ``rank_correlation`` is Spearman's of bits and words over all captions. ``kept_by_words_too`` is
    the share of the kept pairs that are also among as many pairs with the most words; its expected
    value where captions of equal length are drawn by chance.
    """
    total = sum_counts(parts)
    names = [name for name, *_ in _VALUES]
    results: dict[str, Any] = {"pairs": total["pairs",], "kept": total["kept",]}
    results |= {name: _quantiles(total, name, _bins_of(name)) for name in names}
    for name in ("reason", "decided"):
        results[name] = {k[1]: n for k, n in sorted(total.items()) if k[0] == name}
    results["rank_correlation"] = _rank_correlation(_table(total, "words_bits"))
    results["kept_by_words_too"] = _kept_by_words(_table(total, "words_kept"))
    return results | _presences(total)


def _bins_of(name: str) -> int:
    return BINS[_KINDS[name]]


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
    """Return Spearman's correlation of two columns, weighted by a third; ties share a rank."""
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
    kept = float(rows[rows[:, 1] == 1, 2].sum())
    if not kept:
        return None
    left, kept_by_both = kept, 0.0
    for words in np.unique(rows[:, 0])[::-1]:
        of_length = rows[rows[:, 0] == words]
        count = float(of_length[:, 2].sum())
        longest = min(left, count)
        kept_by_both += longest / count * float(of_length[of_length[:, 1] == 1, 2].sum())
        left -= longest
    return kept_by_both / kept


def _presences(total: Tallies) -> dict[str, Any]:
    """Return the presence of each kind and the bias, in the random sample if there is one."""
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
    """Write the measures of the whole corpus to ``path`` as JSON; return the path."""
    files.write_bytes(path, json.dumps(measures(parts), sort_keys=True).encode())
    return path


@dataclass
class Summarise(beam.PTransform):
    """Units of decided pairs -> the path of the measures of the whole corpus."""

    path: str
    cut: beam.pvalue.AsSingleton
    """The cut of ``--keep-fraction``, a side input."""

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Tally" >> beam.Map(tallies, self.cut)
            | "Add up" >> beam.CombineGlobally(sum_counts)
            | "Measure" >> beam.Map(lambda total, path: keep_measures([total], path), self.path)
        )
