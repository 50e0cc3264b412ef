"""Captions from elsewhere instead of a captioner: ``--captions FILES --join COLUMN``."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.errors import UsageError
from ...schemas.phase import Phase
from ...schemas.run_tables import RunTable
from ...schemas.source import expand_braces
from ...storage import files
from ...transforms.join.explain_join import COLUMNS, explain_join
from ...transforms.join.read_given_captions import (
    CAPTION_FIELDS,
    TEXTS,
    GivenFile,
    fields_of,
    read_given_captions,
)
from ..inputs.find_sources import find_files
from ..options.options import EnrichOptions
from ..runs.run import Run
from ..runs.stamps import enrich_stamp, without_stamp
from ..runs.work import Work
from .join import COUNTS, build_join

JOINED = "joined"
"""What the record calls the counts of a join, and what it read."""

_BETWEEN_FILES = re.compile(r",(?![^{]*\})")
_PIECE = 1 << 23
_ALMOST_NONE = 0.05
_EXPLAINED = 1_000


def find_given_captions(options: EnrichOptions) -> list[GivenFile]:
    """Return the files that ``--captions`` names, with the fields that are used.

    Raises UsageError if there is none, or one without captions or without what they are joined on.
    """
    patterns = filter(None, _BETWEEN_FILES.split(options.captions))
    paths = dict.fromkeys(path for given in patterns for path in _paths(given))
    on = options.join or ""
    named = ((path, fields_of(path)) for path in paths)
    found = [(path, *_used(path, fields, on)) for path, fields in named if fields]
    if not found:
        raise UsageError(f"--captions {options.captions}: there is no line in any of these files")
    return [GivenFile(number, *used) for number, used in enumerate(found)]


def _paths(given: str) -> list[str]:
    found = {name: find_files(name, _files_in) for name in expand_braces(given)}
    if missing := [name for name, paths in found.items() if not paths]:
        raise UsageError(f"no captions at {missing[0]} (--captions {given})")
    return [path for paths in found.values() for path in paths]


def _files_in(folder: str) -> list[str]:
    return [path for end in (".parquet", *TEXTS) for path in files.find_in(folder, f"*{end}")]


def _used(path: str, fields: Sequence[str], on: str) -> tuple[str, str]:
    has = f"it has {', '.join(fields)}"
    if on not in fields:
        raise UsageError(f"{path} has no {on} to join on (--join {on}): {has}")
    caption = next((name for name in CAPTION_FIELDS if name in fields), None)
    if caption is None:
        names = ", ".join(CAPTION_FIELDS)
        raise UsageError(f"{path} has no captions: name them one of {names}; {has}")
    return on, caption


def join_given(run: Run, options: EnrichOptions) -> None:
    """Give the pairs of ``run`` the captions that ``options`` name; nothing is captioned.

    Raises UsageError if none finds its pair.
    """
    run.require(Phase.SCORE)
    caption_files = find_given_captions(options)
    read = {"files": _digest(caption_files)}
    if run.is_current(Phase.ENRICH, options) and _joined(run).get("files") == read["files"]:
        return
    run.begin(Phase.ENRICH, options)
    files.remove(run.directory.work)
    sources, directory = run.sources(), run.directory
    stamp = enrich_stamp(run, options, read)
    todo = without_stamp(directory, sources, stamp)
    parser = run.record["phases"]["score"]["options"]["parser"] or None
    run.execute(
        lambda root: build_join(root, sources, todo, directory, caption_files, parser, stamp),
        Work(Phase.ENRICH, len(sources), directory, files=[file.path for file in caption_files]),
    )
    counts = json.loads(files.read_bytes(directory.scratch(COUNTS)))
    hint = _explain(run, caption_files) if is_almost_none(counts) else ""
    if not counts.get("pairs_joined"):
        said = f"--captions {options.captions} --join {options.join}"
        raise UsageError(f"{said}: not one caption found its pair: {hint}")
    run.record[JOINED] = {**counts, **read, "hint": hint}
    run.finish(Phase.ENRICH)


def is_almost_none(counts: dict[str, int]) -> bool:
    """Return whether both most pairs and most captions found no partner."""
    sides = (("pairs_joined", "pairs"), ("captions_joined", "captions"))
    return all(counts.get(met, 0) <= _ALMOST_NONE * counts.get(of, 0) for met, of in sides)


def joined_lines(record: dict[str, Any]) -> Iterator[str]:
    """Yield what a join found, and what it did not, on both sides."""
    counts = record.get(JOINED)
    if counts is None or not record["phases"]["enrich"]["options"].get("captions"):
        return
    pairs, captions = counts["pairs"], counts["captions"]
    joined, used = counts["pairs_joined"], counts["captions_joined"]
    yield f"captions from elsewhere: {joined} of {pairs} pairs have one, {pairs - joined} have none"
    again, empty = counts["captions_repeated"], counts["rows"] - captions
    parts = [f"{used} of {captions} captions have a pair", f"{captions - used - again} have none"]
    parts += [f"{again} repeat another"] if again else []
    parts += [f"{empty} rows lack a caption or what it is joined on"] if empty else []
    yield ", ".join(parts)
    if counts["hint"]:
        yield f"almost none were joined: {counts['hint']}"


def _joined(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = run.record.get(JOINED, {})
    return found


def _digest(caption_files: Iterable[GivenFile]) -> str:
    """Return what tells files from others, and from themselves before they were changed."""
    found = files.each(lambda file: f"{file.name} {_digest_of(file.path)}", caption_files)
    return hashlib.blake2b("\n".join(found).encode(), digest_size=16).hexdigest()


def _digest_of(path: str) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    with files.open_for_reading(path) as file:
        while piece := file.read(_PIECE):
            hashed.update(piece)
    return hashed.hexdigest()


def _explain(run: Run, caption_files: Sequence[GivenFile]) -> str:
    def read() -> Iterator[pa.Table]:
        for source in run.sources():
            yield files.read_table(run.directory.table(RunTable.SCORES, source.name), COLUMNS)

    fields = fields_of(caption_files[0].path)
    some = {name: _some(replace(caption_files[0], on=name)) for name in COLUMNS if name in fields}
    return explain_join(some, read, caption_files[0].on)


def _some(file: GivenFile) -> pa.Array:
    tables = [table["on"] for table in islice(read_given_captions(file), 1)]
    values = pa.chunked_array(tables, pa.string()).drop_null().slice(0, _EXPLAINED)
    return pc.unique(values)
