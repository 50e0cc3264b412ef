"""Which units of a phase are finished: those whose table is there, with the right stamp.

A stamp is a hash of everything that determines the content of a table. A table with another stamp
was made from other scores, by another model or with other options, and is made again.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...schemas.unit import tally_of
from ...storage import files, parquet
from ..options.captioning_options import EnrichOptions
from .record import plain_options
from .run import Run


def split_finished(
    sources: Sequence[Source], run_dir: RunDirectory, table: RunTable
) -> tuple[list[Source], list[Source]]:
    """Return the sources whose table exists, and those whose table does not."""
    finished: list[Source] = []
    pending: list[Source] = []
    exist = files.each(files.exists, [run_dir.table(table, source.name) for source in sources])
    for source, exists in zip(sources, exist, strict=True):
        (finished if exists else pending).append(source)
    return finished, pending


def enrich_stamp(run: Run, options: EnrichOptions, origin: Any) -> str:  # noqa: ANN401 - any JSON
    """Return the stamp of captions from ``origin``, a captioner or files, for the run's scores."""
    inputs = (run.directory.statistics, run.directory.sources)
    contents = map(files.read_bytes, inputs)
    return digest(*contents, run.record.options(Phase.SCORE), plain_options(options), origin)


def digest(*parts: bytes | Any) -> str:
    """Return a hash of ``parts``, which are bytes or JSON values, as 32 hex digits."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        is_bytes = isinstance(part, bytes)
        hashed.update(part if is_bytes else json.dumps(part, sort_keys=True).encode())
    return hashed.hexdigest()


def without_stamp(run_dir: RunDirectory, sources: Sequence[Source], stamp: str) -> list[Source]:
    """Return the sources whose captions do not have ``stamp`` yet."""
    stamps = files.each(lambda source: stamp_of(run_dir, source, RunTable.CAPTIONS), sources)
    return [source for source, other in zip(sources, stamps, strict=True) if other != stamp]


def stamp_of(run_dir: RunDirectory, source: Source, table: RunTable) -> str | None:
    """Return the stamp of a table of ``source``, None if there is no such table."""
    path = run_dir.table(table, source.name)
    return tally_of(parquet.read_schema(path)).stamp if files.exists(path) else None
