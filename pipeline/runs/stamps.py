"""What tables were made by: a stamp in each, which tells them from those made otherwise."""

import hashlib
import json
from typing import Any

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...schemas.unit import tally_of
from ...storage import files
from ..options.options import EnrichOptions
from .record import Record, options_of
from .run import Run


def enrich_stamp(run: Run, options: EnrichOptions, by: Record) -> str:
    """Return what the captions of a shard are told from those made otherwise by."""
    read = (run.directory.statistics, run.directory.sources)
    scored = run.record["phases"]["score"]["options"]
    return digest(*map(files.read_bytes, read), scored, options_of(options), by)


def digest(*parts: bytes | Any) -> str:
    """Return what tells ``parts``, bytes or what JSON can hold, from others."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update(
            part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        )
    return hashed.hexdigest()


def without_stamp(run_dir: RunDirectory, sources: list[Source], stamp: str) -> list[Source]:
    """Return the sources whose captions are still to be made as ``stamp`` says."""
    made = files.each(lambda source: has_stamp(run_dir, source, stamp), sources)
    return [source for source, done in zip(sources, made, strict=True) if not done]


def has_stamp(
    run_dir: RunDirectory, source: Source, stamp: str, table: RunTable = RunTable.CAPTIONS
) -> bool:
    """Return whether a table of ``source`` is there, and was made as ``stamp`` says."""
    return stamp_of(run_dir, source, table) == stamp


def stamp_of(run_dir: RunDirectory, source: Source, table: RunTable) -> str | None:
    """Return what a table of ``source`` was made by, None where there is none."""
    path = run_dir.table(table, source.name)
    return tally_of(files.read_schema(path)).stamp if files.exists(path) else None
