"""Folder of images -> Unit of pairs, by its table of images and the files beside them."""

import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ...schemas.errors import first_line
from ...schemas.pair import derive_uid, own_uid
from ...schemas.phase import Phase
from ...schemas.rejection import Reason, Rejection
from ...schemas.sample import is_safe_key
from ...schemas.source import Source
from ...schemas.tables import PAIRS
from ...schemas.unit import Tally, Unit
from ...storage import files
from .fit_types import with_valid_text
from .image_folder import TEXT_SUFFIXES, ImageFolder, list_images
from .json_values import json_value
from .payload import OutsideError, file_below
from .read_samples import MOST_TEXT, Fields, parse_json, table_of_fields
from .texts import CAPTION_FIELDS, CAPTIONS_RAW, choose_text

FILE_NAME = "file_name"
"""The column of a table of images with their paths, relative to the table's folder."""


Lost = tuple[str, Reason, str]
"""The name of a row without an image, the reason and its detail."""

_NESTED = (dict, list, tuple, bytes)


class MetadataError(ValueError):
    """A table of images cannot be read; the message is one line."""


def read_image_folder(source: Source, caption_field: str, choice: str) -> Unit:
    """Read the pairs of a folder: a pair for each image, and one for each row without an image.

    The caption is that of the image's row, or else of the text beside it, or of the JSON beside it.
    """
    folder = list_images(source.path)
    try:
        rows, lost = rows_by_image(source.path, folder)
    except MetadataError as error:
        tally = Tally(0, None, f"{source.path}{folder.metadata}: {error}")
        return Unit(source, PAIRS.empty_table(), tally)
    pairs, rejections = [], [_rejection(source, *row) for row in lost]
    for key, path in folder.images.items():
        beside = folder.beside[path]
        json_object = _read_json(source.path, beside.get("json"))
        row = rows.get(path, {})
        fields = _fields_of(source, key, row, json_object or {}, beside, caption_field, choice)
        fault = _fault(key, json_object)
        if fault is None:
            pairs.append(fields)
        else:
            rejections.append(_rejection(source, key, Reason.UNREADABLE_SAMPLE, fault))
    tally = Tally(len(pairs) + len(rejections), None, _fault_of_field(source, pairs, caption_field))
    return Unit(source, table_of_fields(pairs), tally, tuple(rejections))


def _rejection(source: Source, key: str, reason: Reason, detail: str) -> Rejection:
    uid = derive_uid(None, source=source.name, key=key, caption=None)
    return Rejection(uid, source.name, key, Phase.SCORE, reason, detail)


def _fault_of_field(source: Source, pairs: list[Fields], caption_field: str) -> str | None:
    if not caption_field or any(caption_field in fields for fields in pairs):
        return None
    return f"{source.path}: no image has a field {caption_field!r}, as --caption-field names it"


def _fault(key: str, json_object: Fields | None) -> str | None:
    if not is_safe_key(key):
        return "the name of its file cannot name a file in an archive"
    return "the .json beside it is no JSON object" if json_object is None else None


def _read_json(folder: str, path: str | None) -> Fields | None:
    """Return the JSON object beside an image, an empty one without a file, None for other JSON."""
    if path is None:
        return {}
    content = _read_text(folder, path)
    return None if content is None else parse_json(content)


def _fields_of(
    source: Source,
    key: str,
    row: Fields,
    json_object: Fields,
    beside: dict[str, str],
    caption_field: str,
    choice: str,
) -> Fields:
    fields = json_object | row
    caption, several = _caption(source.path, row, fields, beside, caption_field, choice)
    if caption_field not in ("", "caption") and "caption" in fields:
        fields["source_caption"] = fields["caption"]
    if several is not None:
        fields.setdefault(CAPTIONS_RAW, several)
    own = {"uid": _uid(source, key, caption, fields), "shard": source.name, "key": key}
    return {**fields, **own, "caption": caption}


def _uid(source: Source, key: str, caption: str | None, fields: Fields) -> str:
    url = fields.get("url")
    url = url if isinstance(url, str) else None
    own = own_uid(fields.get("uid"))
    return own or derive_uid(url, source=source.name, key=key, caption=caption)


def _caption(
    folder: str, row: Fields, fields: Fields, beside: dict[str, str], name: str, choice: str
) -> tuple[str | None, list[str] | None]:
    if name:
        return choose_text(fields.get(name), choice)
    for candidate in CAPTION_FIELDS:
        text, several = choose_text(row.get(candidate), choice)
        if text is not None:
            return text, several
    for suffix in TEXT_SUFFIXES:
        content = _read_text(folder, beside.get(suffix))
        if content is not None:
            return content.decode("utf-8", "replace"), None
    names = (candidate for candidate in CAPTION_FIELDS if candidate in fields)
    return choose_text(fields.get(next(names, "")), choice)


def _read_text(folder: str, path: str | None) -> bytes | None:
    """Return the content of a text in ``folder``, None if it leads out of it or is too large."""
    if path is None:
        return None
    try:
        resolved = file_below(folder, path)
    except OutsideError:
        return None
    return files.read_bytes(resolved) if files.size_of(resolved) <= MOST_TEXT else None


def rows_by_image(path: str, folder: ImageFolder) -> tuple[dict[str, Fields], list[Lost]]:
    """Return the row of each image in a folder's table, and the rows that lack one, with reasons.

    Raises MetadataError if the table cannot be read.
    """
    rows: dict[str, Fields] = {}
    lost: list[Lost] = []
    if folder.metadata is None:
        return rows, lost
    images = set(folder.images.values())
    for at, row in enumerate(_read_metadata(path, folder.metadata)):
        name = row.get(FILE_NAME)
        plain = name.removeprefix("./") if isinstance(name, str) else None
        if plain is None:
            detail = f"row {at} of {folder.metadata} has no {FILE_NAME}"
            lost.append((f"row {at}", Reason.MISSING_IMAGE, detail))
        elif plain in rows:
            detail = f"another row of {folder.metadata} has the same {FILE_NAME}"
            lost.append((plain, Reason.DUPLICATE_KEY, detail))
        elif plain in images:
            rows[plain] = row
        else:
            detail = f"{folder.metadata} names it, and there is no image {plain!r} in the folder"
            lost.append((plain, Reason.MISSING_IMAGE, detail))
    return rows, lost


def _read_metadata(path: str, name: str) -> Iterator[Fields]:
    try:
        content = files.read_bytes(file_below(path, name))
        if name.endswith(".jsonl"):
            yield from _json_lines(content)
            return
        if name.endswith(".csv"):
            options = pa_csv.ParseOptions(newlines_in_values=True)
            table = pa_csv.read_csv(io.BytesIO(content), parse_options=options)
        else:
            table = pq.read_table(io.BytesIO(content))
    except (OutsideError, pa.ArrowException, OSError) as error:
        raise MetadataError(f"it cannot be read: {first_line(error)}") from error
    if table.column_names.count(FILE_NAME) != 1:
        names = ", ".join(table.column_names)
        raise MetadataError(f"it needs one column {FILE_NAME!r}, its columns are {names}")
    for batch in with_valid_text(table).to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            yield {n: json_value(v) if isinstance(v, _NESTED) else v for n, v in row.items()}


def _json_lines(content: bytes) -> Iterator[Fields]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        if line.strip():
            fields = parse_json(line)
            if fields is None:
                raise MetadataError(f"line {number} is not a JSON object in UTF-8")
            yield fields
