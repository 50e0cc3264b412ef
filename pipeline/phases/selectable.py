"""The columns of a run's tables that a selection reads, checked against its options."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.errors import UsageError
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...schemas.tables import FACTS, SCORES
from ...storage import files
from ...transforms.select.block_list import load_block_list
from ...transforms.select.judge_pairs import JUDGED
from ...transforms.select.where import Where
from ..options.phase_options import SelectOptions


@dataclass(frozen=True, slots=True)
class Selectable:
    """The columns of scores that a selection reads, and the fields that its options may name."""

    columns: list[str]
    fields: pa.Schema
    reference_sample: int = 0
    """The number of pairs captioned as a random sample."""


def check_select_options(options: SelectOptions) -> None:
    """Raise UsageError for a block list or a condition that no run could use."""
    if options.block_list:
        load_block_list(options.block_list)
    if options.where:
        Where(options.where).check_syntax()


def selectable(
    run_dir: RunDirectory,
    sources: Sequence[Source],
    options: SelectOptions,
    reference_sample: int = 0,
) -> Selectable:
    """Return the columns that a selection needs of the scores of a run.

    Raises UsageError, before any work is done, for a column that does not exist, a condition that
    cannot be evaluated, or images without a hash.
    """
    names_fields = bool(options.where or options.rank_by)
    schemas = [SCORES, _judged()]
    fields = _fields(run_dir, sources) if names_fields else pa.unify_schemas(schemas)
    if options.where:
        Where(options.where).check(fields)
    if options.rank_by:
        _check_number(options.rank_by, fields)
    if options.unique_images:
        _check_hashes(run_dir, sources)
    return Selectable(_columns(run_dir, options, fields), fields, reference_sample)


def _columns(run_dir: RunDirectory, options: SelectOptions, fields: pa.Schema) -> list[str]:
    """Return the columns to read: facts only where there are captions to compare them with."""
    words = set(re.findall(r"\w+", options.where.lower()))
    judged_again = files.find(run_dir.path(RunTable.CAPTIONS.folder, "**"))
    named = {name for name in fields.names if name.lower() in words or name == options.rank_by}
    quoted = {name for name in fields.names if f'"{name}"' in options.where}
    facts = set(FACTS.names) if judged_again else set()
    wanted = {*SCORES.names} - {*FACTS.names} | facts | named | quoted
    return [name for name in fields.names if name in wanted and name not in _OURS]


_OURS = {"caption_raw", *JUDGED.names} - {*SCORES.names}


def _judged() -> pa.Schema:
    shown = [field for field in JUDGED if field.name not in SCORES.names]
    return pa.schema([("caption_raw", pa.string()), *((f.name, f.type) for f in shown)])


def _fields(run_dir: RunDirectory, sources: Iterable[Source]) -> pa.Schema:
    """Return every column of judged pairs, with the fields of all sources."""
    paths = [run_dir.table(RunTable.SCORES, source.name) for source in sources]
    schemas = files.each(files.read_schema, paths)
    plain = [schema.remove_metadata() for schema in (SCORES, *schemas, _judged())]
    try:
        return pa.unify_schemas(plain, promote_options="permissive")
    except pa.ArrowException as error:
        raise UsageError(f"a field has another type in each source: {error}") from error


def _check_number(name: str, fields: pa.Schema) -> None:
    if name not in fields.names:
        near = get_close_matches(name, fields.names, n=3, cutoff=0.5)
        meant = f"did you mean {' or '.join(near)}?" if near else f"there are {fields.names}"
        raise UsageError(f"--rank-by {name}: there is no such column: {meant}")
    kind = fields.field(name).type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
        raise UsageError(f"--rank-by {name}: it is of type {kind}, not a number")


def _check_hashes(run_dir: RunDirectory, sources: Iterable[Source]) -> None:
    for source in sources:
        with files.open_for_reading(run_dir.table(RunTable.SCORES, source.name)) as file:
            metadata = pq.ParquetFile(file).metadata
        if metadata.num_rows and not _has_hashes(metadata):
            raise UsageError(
                f"--unique-images: {source.path} has no sha256 of its images; download with "
                "img2dataset --compute_hash sha256, or leave the option out"
            )


def _has_hashes(metadata: pq.FileMetaData) -> bool:
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    columns = (group.column(at) for group in groups for at in range(group.num_columns))
    statistics = (column.statistics for column in columns if column.path_in_schema == "sha256")
    return any(counts is None or counts.num_values > 0 for counts in statistics)
