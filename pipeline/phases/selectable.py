"""The columns of a run's tables that a selection reads, checked against its options."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.errors import UsageError
from ...schemas.facts import FACTS
from ...schemas.other_fields import OTHER_FIELDS
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...schemas.tables import SCORES
from ...storage import files
from ...transforms.select.block_list import load_block_list
from ...transforms.select.judge_pairs import JUDGEMENTS
from ...transforms.select.where import Where, some_names
from ..options.phase_options import SelectOptions
from .source_fields import source_fields


@dataclass(frozen=True, slots=True)
class Selectable:
    """The columns of scores that a selection reads, and those of all that its options name."""

    columns: list[str]
    used: pa.Schema
    """The columns and fields that the options name."""
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
    where = Where(options.where) if options.where else None
    if where is not None:
        where.check_syntax()
    uses = _uses(options, where)
    fields = source_fields(run_dir, sources, frozenset(uses), _OURS)
    fields.check_case(uses)
    ours = pa.unify_schemas([SCORES, _judged()])
    schema = pa.schema([*ours, *fields.schema()])
    known = [*ours.names, *fields.names]
    if where is not None:
        where.check(schema, known)
    if options.rank_by:
        _check_number(options.rank_by, schema, known)
    if options.unique_images:
        _check_hashes(run_dir, sources)
    used = pa.schema([column for column in schema if column.name in uses])
    return Selectable(_columns(run_dir, used), used, reference_sample)


def _uses(options: SelectOptions, where: Where | None) -> dict[str, str]:
    """Return the names of columns that the options may use, each with the option and its value."""
    rank = {options.rank_by: f"--rank-by {options.rank_by}"} if options.rank_by else {}
    names = sorted(where.names) if where is not None else []
    return rank | dict.fromkeys(names, f"--where {options.where!r}")


def _columns(run_dir: RunDirectory, used: pa.Schema) -> list[str]:
    """Return the columns to read: facts only where there are captions to compare them with.

    Used fields that are no column of a source are looked up in its OTHER_FIELDS.
    """
    judged_again = files.find(run_dir.path(RunTable.CAPTIONS.folder, "**"))
    facts = {*FACTS.names} if judged_again else {*FACTS.names} & {*used.names}
    scores = [name for name in SCORES.names if name not in FACTS.names or name in facts]
    own = [name for name in used.names if name not in _OURS]
    return [*scores, *own, *([OTHER_FIELDS] if own else [])]


def _judged() -> pa.Schema:
    shown = [field for field in JUDGEMENTS if field.name not in SCORES.names]
    return pa.schema([("caption_raw", pa.string()), *((f.name, f.type) for f in shown)])


_OURS = frozenset((*SCORES.names, *_judged().names))


def _check_number(name: str, fields: pa.Schema, known: Sequence[str]) -> None:
    if name not in fields.names:
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        meant = f"did you mean {' or '.join(near)}?" if near else f"there are {some_names(known)}"
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
