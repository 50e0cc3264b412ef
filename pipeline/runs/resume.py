"""Which units of a phase are done: those whose table is there."""

from collections.abc import Sequence

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...storage import files


def split_finished(
    sources: Sequence[Source], run_dir: RunDirectory, table: RunTable
) -> tuple[list[Source], list[Source]]:
    """Return the sources whose table of a kind is there, and those that are still to be done."""
    finished: list[Source] = []
    pending: list[Source] = []
    found = files.each(files.exists, [run_dir.table(table, source.name) for source in sources])
    for source, there in zip(sources, found, strict=True):
        (finished if there else pending).append(source)
    return finished, pending
