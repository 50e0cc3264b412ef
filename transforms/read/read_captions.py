"""Source -> Unit of pairs with their captions; no image byte is read."""

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
from ...storage import files, parquet
from .fit_types import can_hold_text, is_text, with_valid_text
from .read_folder import read_image_folder
from .read_samples import json_fields, read_samples
from .read_successes import read_successes
from .read_table import pairs_of_rows, read_image_table, repeated_columns, succeeded
from .table_columns import flat_fields
from .texts import choose_text

_END = 1024
_FIRST_SAMPLES = 100


def read_captions(source: Source, caption_field: str = "", choice: str = "first") -> Unit:
    """Read the pairs of ``source``, with captions from ``caption_field`` if it is set.

    ``choice``, first or longest, says which of several captions of one image is taken.

    The pairs of an archive come from its parquet if that is complete: if the archive was written to
    its end, and the source's own statistics, which are written last, count as many successes as the
    parquet. Otherwise they come from the archive itself. Of a source that is cut short the pairs
    before the cut are read, and the tally has its fault.
    """
    try:
        if source.is_folder:
            return read_image_folder(source, caption_field, choice)
        successes = _successes(source)
        if source.is_table:
            return read_image_table(source, successes, caption_field, choice)
        with files.open_blocks(source.path) as archive:
            pairs = _read_parquet(source, caption_field, choice)
            size = len(archive)
            whole = is_whole(size, archive[max(0, size - _END) : size])
            if whole and pairs is not None and pairs.num_rows == successes:
                return Unit(source, pairs, Tally(pairs.num_rows, successes))
            return read_samples(
                source,
                archive,
                successes=successes,
                expected=pairs,
                caption_field=caption_field,
                choice=choice,
            )
    except OSError as error:
        return Unit(source, PAIRS.empty_table(), Tally(0, None, files.fault(source.path, error)))


def require_caption_field(source: Source, name: str) -> None:
    """Raise UsageError if the beginning of ``source`` has no field ``name`` with text.

    A source that cannot be read passes: the run reports its fault.
    """
    if source.is_folder:
        return
    try:
        known, without_text = _known_fields(source)
    except (OSError, pa.ArrowException):
        return
    if known and name not in known:
        names = ", ".join(sorted(known))
        raise UsageError(f"--caption-field {name}: the fields of {source.path} are {names}")
    if name in without_text:
        texts = ", ".join(sorted(known - without_text)) or "no field"
        raise UsageError(
            f"--caption-field {name}: the field has no text in {source.path}; take one of {texts}"
        )


def _known_fields(source: Source) -> tuple[set[str], set[str]]:
    """Return the fields of a source's table and first samples, and those of them without text.

    Fields that are always null are not among the latter; columns of another type than text are.
    """
    table = source.path if source.is_table else source.parquet_path
    schema = flat_fields(parquet.read_schema(table)) if files.exists(table) else []
    columns = {column.name for column in schema}
    of_text = {column.name for column in schema if can_hold_text(column.type)}
    if source.is_table:
        return columns, columns - of_text
    with files.open_blocks(source.path) as archive:
        first = list(islice(json_fields(archive), _FIRST_SAMPLES))
    items = [item for fields in first for item in fields.items()]
    texts = of_text | {name for name, value in items if choose_text(value, "first")[0]}
    without_text = {name for name, value in items if value is not None} - texts
    return columns.union(*first), without_text | (columns - of_text)


def _successes(source: Source) -> int | None:
    try:
        return read_successes(source.stats_path) if files.exists(source.stats_path) else None
    except ValueError:
        return None


def _read_parquet(source: Source, caption_field: str, choice: str) -> pa.Table | None:
    """Return the downloaded pairs by the source's parquet, None if there is no usable one."""
    if not files.exists(source.parquet_path):
        return None
    try:
        table = parquet.read_table(source.parquet_path)
        if repeated_columns(table.schema):
            return None
        if caption_field and caption_field not in table.column_names:
            return None
        name = caption_field or "caption"
        if name in table.column_names and not can_hold_text(table[name].type):
            return None
        table = succeeded(with_valid_text(table))
        return pairs_of_rows(source, table, caption_field, choice) if _has_keys(table) else None
    except (pa.ArrowException, OSError):
        return None


def _has_keys(table: pa.Table) -> bool:
    """Return whether every row has a key, and no two have the same."""
    if "key" not in table.column_names or not is_text(table["key"].type):
        return False
    keys = table["key"].cast(pa.string()).to_pylist()
    return None not in keys and len(set(keys)) == len(keys) and all(map(is_safe_key, keys))


class _Read(beam.DoFn):
    def __init__(self, caption_field: str, choice: str) -> None:
        self._caption_field = caption_field
        self._choice = choice

    def process(self, source: Source) -> Iterator[Unit]:
        yield read_captions(source, self._caption_field, self._choice)


@dataclass
class ReadCaptions(beam.PTransform):
    """Source -> Unit of its pairs."""

    caption_field: str = ""
    """The field of the captions; by default the text, or the field ``caption``."""
    choice: str = "first"
    """Which of several captions of one image is taken."""

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        return sources | beam.ParDo(_Read(self.caption_field, self.choice))
