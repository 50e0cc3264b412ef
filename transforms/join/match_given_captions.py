"""Places of pairs and of captions from elsewhere -> which caption each pair finds."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.unit import Unit
from ...storage import files
from ..fingerprint import FINGERPRINT, Fingerprints, fingerprints
from ..information.count_facts import SumCounts
from .read_given_captions import normal_form

_BUCKETS = 64

Rows = npt.NDArray[np.int32]
Matches = tuple[Rows, Rows, Rows]
"""Rows of a piece of captions, and the numbers of the sources and the rows that they belong to."""


@dataclass(frozen=True, slots=True)
class Places:
    """What is joined on, as fingerprints, and the rows of a table in which it stands.

    ``number`` is that of a source, or of a piece of captions; ``total`` are all rows of its table.
    """

    number: int
    is_given: bool
    values: Fingerprints
    rows: Rows
    total: int


def find_places(column: pa.Array, usable: pa.Array, number: int, *, is_given: bool) -> Places:
    """Return where the values of ``column`` stand, in those rows that are ``usable``."""
    rows = np.flatnonzero(usable.to_numpy(zero_copy_only=False)).astype(np.int32)
    values = fingerprints(column.take(pa.array(rows)))
    return Places(number, is_given, values, rows, len(column))


def places_of_pairs(unit: Unit, on: str) -> Places:
    """Return where the pairs of a unit stand that can be joined."""
    column = normal_form(unit.table[on].combine_chunks(), on)
    return find_places(column, pc.is_valid(column), unit.source.number, is_given=False)


def into_buckets(places: Places) -> Iterator[tuple[int, Places]]:
    """Yield ``places`` in buckets that are searched apart: equal values share one."""
    buckets = places.values["high"] % np.uint64(_BUCKETS)
    for bucket in np.unique(buckets).tolist():
        of_bucket = buckets == bucket
        values, rows = places.values[of_bucket], places.rows[of_bucket]
        yield bucket, Places(places.number, places.is_given, values, rows, 0)


def match(bucket: Iterable[Places]) -> tuple[dict[int, Matches], Counter[str]]:
    """Return the matches of a bucket by the number of the piece, and how many there are.

    Of several captions for one value the first counts, in the order of the pieces, then of rows.
    """
    ordered = sorted(bucket, key=lambda places: (not places.is_given, places.number))
    values = np.concatenate([np.empty(0, FINGERPRINT), *(p.values for p in ordered)])
    rows = np.concatenate([np.empty(0, np.int32), *(p.rows for p in ordered)])
    numbers = np.repeat([p.number for p in ordered], [len(p.rows) for p in ordered])
    given = sum(len(p.rows) for p in ordered if p.is_given)

    order = np.lexsort((values["low"], values["high"]))  # stable: captions, then pairs
    begins = np.ones(len(values), bool)
    begins[1:] = values[order][1:] != values[order][:-1]
    first = np.empty(len(values), np.int64)
    first[order] = order[begins][np.cumsum(begins) - 1]

    pairs = given + np.flatnonzero(first[given:] < given)
    captions = first[pairs]
    counts = Counter(
        pairs_joined=len(pairs),
        captions_joined=len(np.unique(captions)),
        captions_repeated=int((first[:given] != np.arange(given)).sum()),
        captions=given,
    )
    sources = numbers[pairs].astype(np.int32)
    return dict(_by_piece(numbers[captions], (rows[captions], sources, rows[pairs]))), counts


def _by_piece(pieces: npt.NDArray[np.int64], matches: Matches) -> Iterator[tuple[int, Matches]]:
    for piece in np.unique(pieces).tolist():
        captions, sources, rows = (column[pieces == piece] for column in matches)
        yield piece, (captions, sources, rows)


def keep_counts(counts: Counter[str], path: str) -> str:
    """Write ``counts`` to ``path`` as JSON."""
    files.write_bytes(path, json.dumps(counts, sort_keys=True).encode())
    return path


def total_of(places: Places) -> Counter[str]:
    """Count the rows of a table, whether or not they can be joined."""
    return Counter({"rows" if places.is_given else "pairs": places.total})


@dataclass
class MatchGivenCaptions(beam.PTransform):
    """Places -> piece and Matches; what found a partner is counted into the file at ``counts``."""

    counts: str

    def expand(self, places: beam.PCollection) -> beam.PCollection:
        matched = (
            places
            | "Into buckets" >> beam.FlatMap(into_buckets)
            | "Gather buckets" >> beam.GroupByKey()
            | "Match" >> beam.MapTuple(lambda _, bucket: match(bucket))
        )
        totals = places | "Count rows" >> beam.Map(total_of)
        met = matched | "Count matches" >> beam.Map(lambda found: found[1])
        _ = (
            (totals, met)
            | "All counts" >> beam.Flatten()
            | "Add up" >> beam.CombineGlobally(SumCounts())
            | "Keep counts" >> beam.Map(keep_counts, self.counts)
        )
        return matched | "Matches" >> beam.FlatMap(lambda found: found[0].items())
