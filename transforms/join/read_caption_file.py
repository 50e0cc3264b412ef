"""File of captions from elsewhere -> tables of the captions and the values to join them on."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from typing import IO, cast

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.errors import EvenpairError, UsageError, first_line
from ...schemas.tables import encodable
from ...storage import files, parquet
from ..read.read_samples import MOST_TEXT, parse_json

CAPTIONS = pa.schema([("on", pa.string()), ("caption", pa.string()), ("model", pa.string())])
"""One row for each caption: the value to join on, the caption, and the model that wrote it."""

CAPTION_FIELDS = ("caption_generated", "re_caption", "generated", "caption", "text")
"""The fields that may hold the captions; the first one that a file has is used."""

TEXTS = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
"""The endings of files with one JSON object a line; other files are Parquet."""

ROWS = 1 << 16
"""The most rows of a table."""

MODEL = "model"
"""The field with the name of the model that wrote a caption."""

_BYTES = 1 << 26
_DAMAGE = (pa.ArrowException, EOFError, zlib.error, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class CaptionFile:
    """A file of captions: its number among all, and the names of the fields that are used."""

    number: int
    path: str
    on: str
    """The field to join on: ``uid``, ``sha256`` or ``url``."""
    caption: str

    @property
    def name(self) -> str:
        """The name that is recorded as the model if the file names none."""
        return self.path.rpartition("/")[2].partition(".")[0]


def read_caption_file(file: CaptionFile) -> Iterator[pa.Table]:
    """Yield the rows of ``file`` as tables with the schema CAPTIONS, of ROWS rows at most.

    Values that a row lacks are null, and so are all those of a line that is not a JSON object.
    Raises EvenpairError if the file cannot be read to its end, or a line has more than 16 MiB.
    """
    try:
        yield from _lines(file) if is_text(file.path) else _rows(file)
    except _DAMAGE as error:
        raise EvenpairError(
            f"{file.path}: it cannot be read to its end: {first_line(error)}"
        ) from error


def fields_of(path: str) -> list[str]:
    """Return the names of a file's columns, or of the fields of its first line.

    An empty file of lines has none. Raises UsageError if it is neither Parquet nor lines of JSON.
    """
    try:
        if not is_text(path):
            return list(parquet.read_schema(path).names)
        with _open_text(path) as lines:
            line = next(_short_lines(path, lines), b"")
    except _DAMAGE:
        reason = (
            "it is not compressed as its name says"
            if is_text(path)
            else f"it is not a Parquet file, and its name does not end with {', '.join(TEXTS)}"
        )
        raise UsageError(f"{path} holds no captions: {reason}") from None
    first = parse_json(line) if line else {}
    if first is None:
        raise UsageError(f"{path} holds no captions: its first line is not a JSON object")
    return list(first)


def normal_form(column: pa.Array, on: str) -> pa.Array:
    """Return the values of the field ``on`` as they are compared; an empty one is null.

    Uids and hashes are hexadecimal digits, in either case and with or without hyphens.
    """
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    if on != "url":
        texts = pc.replace_substring(pc.utf8_lower(texts), "-", "")
    return pc.if_else(pc.equal(texts, ""), None, texts)


def is_text(path: str) -> bool:
    """Return whether a file holds a JSON object a line, rather than a table."""
    return path.endswith(TEXTS)


@contextmanager
def _open_text(path: str) -> Iterator[IO[bytes]]:
    with files.open_for_reading(path) as file:
        yield cast(IO[bytes], gzip.GzipFile(fileobj=file)) if path.endswith(".gz") else file


def _rows(file: CaptionFile) -> Iterator[pa.Table]:
    with parquet.open_table(file.path) as table:
        names = [file.on, file.caption, MODEL]
        present = [name for name in names if name in table.schema_arrow.names]
        for batch in table.iter_batches(ROWS, columns=present):
            nulls = pa.nulls(batch.num_rows, pa.string())
            yield _table([batch[name] if name in present else nulls for name in names], file)


def _lines(file: CaptionFile) -> Iterator[pa.Table]:
    names = (file.on, file.caption, MODEL)
    with _open_text(file.path) as opened:
        lines = _short_lines(file.path, opened)
        while some := _next_lines(lines):
            rows = [parse_json(line) or {} for line in some]
            columns = ([_text(row.get(name)) for row in rows] for name in names)
            yield _table([pa.array(column, pa.string()) for column in columns], file)


def _short_lines(path: str, file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file. Raises EvenpairError for one that is too long to hold."""
    for number in count(1):
        line = file.readline(MOST_TEXT + 1)
        if not line:
            return
        if len(line) > MOST_TEXT:
            raise EvenpairError(f"{path}: line {number} has more than {MOST_TEXT} bytes: remove it")
        yield line


def _next_lines(lines: Iterator[bytes]) -> list[bytes]:
    """Return the next lines: at most ROWS, and about as many as 64 MiB hold."""
    some: list[bytes] = []
    size = 0
    for line in islice(lines, ROWS):
        some.append(line)
        size += len(line)
        if size > _BYTES:
            break
    return some


def _table(columns: list[pa.Array], file: CaptionFile) -> pa.Table:
    on, caption, model = columns
    models = pc.fill_null(model.cast(pa.string()), file.name)
    arrays = [normal_form(on, file.on), caption.cast(pa.string()), models]
    return pa.Table.from_arrays(arrays, schema=CAPTIONS)


def _text(value: object) -> str | None:
    return encodable(value) if isinstance(value, str) else None
