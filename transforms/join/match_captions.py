"""Values of pairs and of captions from elsewhere -> which caption each pair gets."""

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
from ..sum_counts import sum_counts
from .read_caption_file import normal_form

_BUCKETS = 64

Rows = npt.NDArray[np.int32]
Matches = tuple[Rows, Rows, Rows]
"""Rows of a chunk of captions, and for each the number of a source and a row of it."""


@dataclass(frozen=True, slots=True)
class Places:
    """The values of a table to join on, as fingerprints, and the rows in which they stand."""

    number: int
    """The number of the source, or of the chunk of captions."""
    is_captions: bool
    values: Fingerprints
    rows: Rows
    total: int
    """The rows of the table, with or without a value."""


def find_places(column: pa.Array, usable: pa.Array, number: int, *, is_captions: bool) -> Places:
    """Return the places of the values of ``column`` in rows for which ``usable`` is true."""
    rows = np.flatnonzero(usable.to_numpy(zero_copy_only=False)).astype(np.int32)
    values = fingerprints(column.take(pa.array(rows)))
    return Places(number, is_captions, values, rows, len(column))


def places_of_pairs(unit: Unit, on: str) -> Places:
    """Return the places of the values that the pairs of a unit have in the field ``on``."""
    column = normal_form(unit.table[on].combine_chunks(), on)
    return find_places(column, pc.is_valid(column), unit.source.number, is_captions=False)


def into_buckets(places: Places) -> Iterator[tuple[int, Places]]:
    """Split ``places`` into numbered buckets; equal values are in the same one."""
    buckets = places.values["high"] % np.uint64(_BUCKETS)
    for bucket in np.unique(buckets).tolist():
        mask = buckets == bucket
        values, rows = places.values[mask], places.rows[mask]
        yield bucket, Places(places.number, places.is_captions, values, rows, 0)


def match(bucket: Iterable[Places]) -> tuple[dict[int, Matches], Counter[str]]:
    """Return the matches of a bucket, by the number of the chunk of captions, and their counts.

    Of several captions with one value the first is taken, in the order of chunks, then of rows.
    """
    ordered = sorted(bucket, key=lambda places: (not places.is_captions, places.number))
    values = np.concatenate([np.empty(0, FINGERPRINT), *(p.values for p in ordered)])
    rows = np.concatenate([np.empty(0, np.int32), *(p.rows for p in ordered)])
    numbers = np.repeat([p.number for p in ordered], [len(p.rows) for p in ordered])
    count = sum(len(p.rows) for p in ordered if p.is_captions)

    order = np.lexsort((values["low"], values["high"]))  # stable: captions, then pairs
    begins = np.ones(len(values), bool)
    begins[1:] = values[order][1:] != values[order][:-1]
    first = np.empty(len(values), np.int64)
    first[order] = order[begins][np.cumsum(begins) - 1]

    pairs = count + np.flatnonzero(first[count:] < count)
    captions = first[pairs]
    counts = Counter(
        pairs_joined=len(pairs),
        captions_joined=len(np.unique(captions)),
        captions_repeated=int((first[:count] != np.arange(count)).sum()),
        captions=count,
    )
    sources = numbers[pairs].astype(np.int32)
    return dict(_by_chunk(numbers[captions], (rows[captions], sources, rows[pairs]))), counts


def _by_chunk(chunks: npt.NDArray[np.int64], matches: Matches) -> Iterator[tuple[int, Matches]]:
    for chunk in np.unique(chunks).tolist():
        captions, sources, rows = (column[chunks == chunk] for column in matches)
        yield chunk, (captions, sources, rows)


def keep_counts(counts: Counter[str], path: str) -> str:
    """Write ``counts`` to ``path`` as JSON, and return the path."""
    files.write_bytes(path, json.dumps(counts, sort_keys=True).encode())
    return path


def total_of(places: Places) -> Counter[str]:
    """Return the number of rows of a table, as ``rows`` of captions or as ``pairs``."""
    return Counter({"rows" if places.is_captions else "pairs": places.total})


@dataclass
class MatchCaptions(beam.PTransform):
    """Places -> chunk and Matches; the counts of both sides are written to a file."""

    counts_path: str

    def expand(self, places: beam.PCollection) -> beam.PCollection:
        matched = (
            places
            | "Into buckets" >> beam.FlatMap(into_buckets)
            | "Gather buckets" >> beam.GroupByKey()
            | "Match" >> beam.MapTuple(lambda _, bucket: match(bucket))
        )
        totals = places | "Count rows" >> beam.Map(total_of)
        counts = matched | "Count matches" >> beam.Map(lambda result: result[1])
        _ = (
            (totals, counts)
            | "All counts" >> beam.Flatten()
            | "Add up" >> beam.CombineGlobally(sum_counts)
            | "Keep counts" >> beam.Map(keep_counts, self.counts_path)
        )
        return matched | "Matches" >> beam.FlatMap(lambda result: result[0].items())
