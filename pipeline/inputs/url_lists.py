"""INPUT arguments -> the lists of urls that they name, and the columns of these."""

import gzip
import io
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json

from ...schemas.errors import EvenpairError, UsageError
from ...storage import files, parquet
from ...storage.find_inputs import find_inputs
from ...transforms.read.image_folder import METADATA, find_image_folders, is_image_folder
from ...transforms.read.table_columns import ColumnsError, image_columns

_KINDS = ("parquet", "csv", "tsv", "jsonl", "txt")
_FORMATS = (*_KINDS, *(f"{kind}.gz" for kind in _KINDS[1:]))
_BEGINNING = 1 << 20


@dataclass(frozen=True, slots=True)
class UrlList:
    """A file with a url in each row."""

    path: str

    @property
    def format(self) -> str:
        """The name of its format in img2dataset, empty for a file that is none of these."""
        name = self.path.lower()
        return next((ending for ending in _FORMATS if name.endswith(f".{ending}")), "")


def find_url_lists(inputs: Sequence[str]) -> list[UrlList]:
    """Return the lists that ``inputs`` name: files, folders of them, globs or brace ranges.

    Raises UsageError for an input that names none, and unless all have the same format.
    """
    paths = dict.fromkeys(path for argument in inputs for path in _require_paths(argument))
    lists = [UrlList(path) for path in paths]
    for urls in lists:
        if not urls.format:
            raise UsageError(f"{urls.path} is not a list of urls: name {', '.join(_KINDS)} files")
        if urls.format != lists[0].format:
            raise UsageError(
                f"{lists[0].path} and {urls.path} have different formats: download one after the "
                "other, into folders of their own"
            )
    return lists


def name_url_lists(inputs: Sequence[str]) -> bool:
    """Return whether ``inputs`` name lists of urls, rather than shards with images.

    Raises UsageError if they name both.
    """
    lists: list[str] = []
    shards: list[str] = []
    for argument in inputs:
        paths = _paths(argument)
        (lists if paths and _is_url_list(paths[0]) else shards).append(argument)
    if lists and shards:
        raise UsageError(
            f"{lists[0]} is a list of urls and {shards[0]} is not: give lists or shards, not both"
        )
    return bool(lists)


def _is_url_list(path: str) -> bool:
    """Return whether a file has urls and no images; the table beside an archive is not a list."""
    urls = UrlList(path)
    if urls.format != "parquet":
        return bool(urls.format)
    if files.exists(f"{path.removesuffix('.parquet')}.tar"):
        return False
    try:
        return not image_columns(parquet.read_schema(path))
    except (OSError, pa.ArrowException, ColumnsError):
        return False


def _require_paths(argument: str) -> list[str]:
    paths = _paths(argument)
    if not paths:
        raise UsageError(f"no such list of urls: {argument}")
    return paths


def _paths(argument: str) -> list[str]:
    return [path for paths in find_inputs(argument, _files_in).values() for path in paths]


def _files_in(folder: str) -> list[str]:
    """Return the lists in a folder; of a folder with archives, one of these.

    Beside images, tables named ``metadata`` and texts belong to these.
    """
    paths = files.find_in(folder, "*")
    archives = [path for path in paths if path.lower().endswith(".tar")]
    lists = [path for path in paths if UrlList(path).format]
    if is_image_folder(paths) and find_image_folders(folder):
        lists = [p for p in lists if posixpath.basename(p) not in METADATA and p[-4:] != ".txt"]
    return archives[:1] or lists


def columns_of(urls: UrlList) -> pa.Schema:
    """Return the columns of a list, by its first rows.

    Raises EvenpairError if it cannot be read.
    """
    try:
        if urls.format == "parquet":
            return parquet.read_schema(urls.path)
        with files.open_for_reading(urls.path) as file:
            return _columns_of_text(gzip.open(file) if urls.path.endswith(".gz") else file, urls)
    except (OSError, EOFError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise EvenpairError(f"{urls.path} cannot be read as {urls.format}: {reason}") from error


def _columns_of_text(file: IO[bytes] | gzip.GzipFile, urls: UrlList) -> pa.Schema:
    if urls.format.startswith("txt"):
        return pa.schema([("url", pa.string())])
    if urls.format.startswith("jsonl"):
        beginning = file.read(_BEGINNING)
        whole_lines = beginning[: beginning.rfind(b"\n") + 1] or beginning
        return pa_json.read_json(io.BytesIO(whole_lines)).schema
    delimiter = "\t" if urls.format.startswith("tsv") else ","
    parsing = pa_csv.ParseOptions(delimiter=delimiter)
    with pa_csv.open_csv(file, parse_options=parsing) as reader:
        return reader.schema
