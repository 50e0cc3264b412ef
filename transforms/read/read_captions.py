"""Source -> Unit of pairs with their captions, no image byte read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import apache_beam as beam
import pyarrow as pa

from ...schemas.errors import UsageError
from ...schemas.sample import is_safe_key
from ...schemas.source import Source
from ...schemas.tables import PAIRS
from ...schemas.tar import is_whole
from ...schemas.unit import Tally, Unit
from ...storage import files
from .read_samples import json_fields, read_samples
from .read_table import pairs_of_rows, read_image_table, succeeded

_END = 1024
_FIRST_SAMPLES = 100


def read_captions(source: Source, caption_field: str = "") -> Unit:
    """Read what ``source`` says of its pairs, their captions from a field of one's choice.

    A table of images says it itself. An archive has it said by its parquet, if that is complete:
    if the archive was written to its end and the source's own statistics, which are written last,
    count as many successes as the parquet. Otherwise the archive is walked. A source that ends
    early gives what it holds, and its tally says what is missing.
    """
    try:
        successes = _successes(source)
        if source.is_table:
            return read_image_table(source, successes, caption_field)
        with files.open_blocks(source.path) as archive:
            pairs = _read_parquet(source, caption_field)
            size = len(archive)
            whole = is_whole(size, archive[max(0, size - _END) : size])
            if whole and pairs is not None and pairs.num_rows == successes:
                return Unit(source, pairs, Tally(pairs.num_rows, successes))
            return read_samples(source, archive, successes, pairs, caption_field)
    except OSError as error:
        return Unit(source, PAIRS.empty_table(), Tally(0, None, files.fault(source.path, error)))


def require_caption_field(source: Source, name: str) -> None:
    """Raise UsageError if the beginning of ``source`` knows no field ``name``, or no text in it.

    A source that cannot be read passes: the run says what is wrong with it.
    """
    try:
        known, without_text = _known_fields(source)
    except (OSError, pa.ArrowException):
        return
    if known and name not in known:
        only = ", ".join(sorted(known))
        raise UsageError(f"--caption-field {name}: {source.path} has no such field, only {only}")
    if name in without_text:
        texts = ", ".join(sorted(known - without_text)) or "no field"
        raise UsageError(
            f"--caption-field {name}: {source.path} has no text there; it has some in {texts}"
        )


def _known_fields(source: Source) -> tuple[set[str], set[str]]:
    """Return the fields of a source's table and first samples, and those with values but no text.

    A column that is not of text has none, whatever the samples say.
    """
    table = source.path if source.is_table else source.parquet_path
    schema = list(files.read_schema(table)) if files.exists(table) else []
    columns = {column.name for column in schema}
    of_text = {column.name for column in schema if _can_hold_text(column.type)}
    if source.is_table:
        return columns, columns - of_text
    with files.open_blocks(source.path) as archive:
        first = list(islice(json_fields(archive), _FIRST_SAMPLES))
    items = [item for fields in first for item in fields.items()]
    texts = of_text | {name for name, value in items if isinstance(value, str)}
    without_text = {name for name, value in items if value is not None} - texts
    return columns.union(*first), without_text | (columns - of_text)


def _can_hold_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    fits = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return any(is_kind(plain) for is_kind in fits)


def _successes(source: Source) -> int | None:
    if not files.exists(source.stats_path):
        return None
    try:
        stats = json.loads(files.read_bytes(source.stats_path))
        return int(stats["successes"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _read_parquet(source: Source, caption_field: str) -> pa.Table | None:
    """Return the pairs that were downloaded, None if there is no table that says so."""
    if not files.exists(source.parquet_path):
        return None
    try:
        table = files.read_table(source.parquet_path)
        if caption_field and caption_field not in table.column_names:
            return None
        table = succeeded(table)
        return pairs_of_rows(source, table, caption_field) if _has_keys(table) else None
    except (pa.ArrowException, OSError):
        return None


def _has_keys(table: pa.Table) -> bool:
    """Return whether every row has a key of its own."""
    if "key" not in table.column_names:
        return False
    keys = table["key"].cast(pa.string()).to_pylist()
    return None not in keys and len(set(keys)) == len(keys) and all(map(is_safe_key, keys))


class _Read(beam.DoFn):
    def __init__(self, caption_field: str) -> None:
        self._caption_field = caption_field

    def process(self, source: Source) -> Iterator[Unit]:
        yield read_captions(source, self._caption_field)


@dataclass
class ReadCaptions(beam.PTransform):
    """Source -> Unit, for each source shard; by default a caption is ``caption`` or the text."""

    caption_field: str = ""

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        return sources | beam.ParDo(_Read(self.caption_field))
