"""INPUT arguments -> the lists of urls that they name, and what columns these have."""

import gzip
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json

from ...schemas.errors import EvenpairError, UsageError
from ...schemas.source import expand_braces
from ...storage import files
from ...transforms.read.stored_samples import image_columns

_KINDS = ("parquet", "csv", "tsv", "jsonl", "txt")
_FORMATS = (*_KINDS, *(f"{kind}.gz" for kind in _KINDS[1:]))
_WILDCARDS = frozenset("*?[")
_BEGINNING = 1 << 20


@dataclass(frozen=True, slots=True)
class UrlList:
    """A file with an url in each of its rows."""

    path: str

    @property
    def format(self) -> str:
        """How img2dataset calls its format, empty if it knows none of the name."""
        name = self.path.lower()
        return next((known for known in _FORMATS if name.endswith(f".{known}")), "")


def find_url_lists(inputs: Sequence[str]) -> list[UrlList]:
    """Return the lists that ``inputs`` name: files, folders of them, globs or brace ranges.

    Raises UsageError for an input that names none, and unless all have one format.
    """
    lists = [UrlList(path) for path in dict.fromkeys(p for given in inputs for p in _named(given))]
    for found in lists:
        if not found.format:
            raise UsageError(f"{found.path} is no list of urls: name {', '.join(_KINDS)} files")
        if found.format != lists[0].format:
            raise UsageError(
                f"{lists[0].path} and {found.path} have different formats: download one after the "
                "other, into folders of their own"
            )
    return lists


def name_url_lists(inputs: Sequence[str]) -> bool:
    """Return whether ``inputs`` name lists of urls, rather than shards with images.

    Raises UsageError if they name both.
    """
    lists: list[str] = []
    others: list[str] = []
    for given in inputs:
        found = _find(given)
        (lists if found and _is_url_list(found[0]) else others).append(given)
    if lists and others:
        raise UsageError(
            f"{lists[0]} has urls and {others[0]} has not: give lists or shards, not both"
        )
    return bool(lists)


def _is_url_list(path: str) -> bool:
    """Return whether a file has urls and no images; what lies beside an archive belongs to it."""
    found = UrlList(path)
    if found.format != "parquet":
        return bool(found.format)
    if files.exists(f"{path.removesuffix('.parquet')}.tar"):
        return False
    try:
        return not image_columns(files.read_schema(path))
    except (OSError, pa.ArrowException):
        return False


def _named(given: str) -> list[str]:
    found = _find(given)
    if not found:
        raise UsageError(f"no such list of urls: {given}")
    return found


def _find(given: str) -> list[str]:
    return [path for pattern in expand_braces(given) for path in _match(pattern)]


def _match(pattern: str) -> list[str]:
    files.require_access(pattern)
    if files.is_local(pattern):
        pattern = os.path.abspath(pattern)
        if os.path.isdir(pattern):
            return files.find_in(pattern, "*.tar")[:1] or _lists_in(pattern)
    if files.exists(pattern):
        return [pattern]
    return files.find(pattern) if _WILDCARDS & set(pattern) else []


def _lists_in(folder: str) -> list[str]:
    return [path for path in files.find_in(folder, "*") if UrlList(path).format]


def columns_of(found: UrlList) -> pa.Schema:
    """Return the columns of a list as its beginning has them.

    Raises EvenpairError if it cannot be read.
    """
    try:
        if found.format == "parquet":
            return files.read_schema(found.path)
        with files.open_for_reading(found.path) as file:
            return _columns_of_text(gzip.open(file) if found.path.endswith(".gz") else file, found)
    except (OSError, EOFError, pa.ArrowException) as error:
        said = str(error).splitlines()[0]
        raise EvenpairError(f"{found.path} cannot be read as {found.format}: {said}") from error


def _columns_of_text(file: IO[bytes] | gzip.GzipFile, found: UrlList) -> pa.Schema:
    if found.format.startswith("txt"):
        return pa.schema([("url", pa.string())])
    if found.format.startswith("jsonl"):
        beginning = file.read(_BEGINNING)
        whole_lines = beginning[: beginning.rfind(b"\n") + 1] or beginning
        return pa_json.read_json(io.BytesIO(whole_lines)).schema
    delimiter = "\t" if found.format.startswith("tsv") else ","
    parsing = pa_csv.ParseOptions(delimiter=delimiter)
    with pa_csv.open_csv(file, parse_options=parsing) as reader:
        return reader.schema
