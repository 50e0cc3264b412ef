"""File of captions from elsewhere -> tables of them, by what they are joined on."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import IO, cast

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.errors import EvenpairError, UsageError
from ...storage import files
from ..read.read_samples import parse_json

GIVEN = pa.schema([("on", pa.string()), ("caption", pa.string()), ("model", pa.string())])
"""A caption, what it is joined on, and who said it."""

CAPTION_FIELDS = ("caption_generated", "re_caption", "generated", "caption", "text")
"""The fields that may hold the captions; the first that a file has does."""

TEXTS = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
"""How the names of files end that hold a JSON object a line; the others are Parquet."""

ROWS = 1 << 16
"""The rows of a table, at most."""

_MODEL = "model"


@dataclass(frozen=True, slots=True)
class GivenFile:
    """One file of captions: its place among all, and which of its fields are used."""

    number: int
    path: str
    on: str
    caption: str

    @property
    def name(self) -> str:
        """What is recorded as the model where the file names none."""
        return self.path.rpartition("/")[2].partition(".")[0]


def read_given_captions(file: GivenFile) -> Iterator[pa.Table]:
    """Yield the rows of ``file`` as tables with the schema GIVEN, ROWS at most.

    Null is what a row does not say, and all of a line that is no JSON object. Raises EvenpairError
    if the file cannot be read to its end.
    """
    try:
        yield from _lines(file) if is_text(file.path) else _rows(file)
    except (pa.ArrowException, EOFError, zlib.error, gzip.BadGzipFile) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise EvenpairError(f"{file.path}: it cannot be read to its end: {said}") from error


def fields_of(path: str) -> list[str]:
    """Return the fields of a file: a table's columns, or those of its first line.

    An empty file of lines has none. Raises UsageError if it is neither Parquet nor lines of JSON.
    """
    try:
        if not is_text(path):
            return list(files.read_schema(path).names)
        with _open_text(path) as lines:
            line = next(iter(lines), b"")
    except (pa.ArrowException, EOFError, zlib.error, gzip.BadGzipFile):
        raise UsageError(
            f"{path} holds no captions: it is no Parquet file, and its name does not end with "
            f"{', '.join(TEXTS)}"
            if not is_text(path)
            else f"{path} holds no captions: it is not compressed as its name says"
        ) from None
    first = parse_json(line) if line else {}
    if first is None:
        raise UsageError(f"{path} holds no captions: its first line is no JSON object")
    return list(first)


def normal_form(column: pa.Array, on: str) -> pa.Array:
    """Return what is joined on as it is compared; an empty text is null.

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


def _rows(file: GivenFile) -> Iterator[pa.Table]:
    with files.open_table(file.path) as table:
        columns = [file.on, file.caption, _MODEL]
        names = [name for name in columns if name in table.schema_arrow.names]
        for batch in table.iter_batches(ROWS, columns=names):
            nulls = pa.nulls(batch.num_rows, pa.string())
            found = [batch[name] if name in names else nulls for name in columns]
            yield _table(found, file)


def _lines(file: GivenFile) -> Iterator[pa.Table]:
    names = (file.on, file.caption, _MODEL)
    with _open_text(file.path) as lines:
        while some := list(islice(lines, ROWS)):
            said = [parse_json(line) or {} for line in some]
            columns = ([_text(row.get(name)) for row in said] for name in names)
            yield _table([pa.array(column, pa.string()) for column in columns], file)


def _table(columns: list[pa.Array], file: GivenFile) -> pa.Table:
    on, caption, model = columns
    named = pc.fill_null(model.cast(pa.string()), file.name)
    found = [normal_form(on, file.on), caption.cast(pa.string()), named]
    return pa.Table.from_arrays(found, schema=GIVEN)


def _text(value: object) -> str | None:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None
