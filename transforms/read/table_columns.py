"""The schema of a table -> which of its columns hold images, keys and captions."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pyarrow as pa

from ...schemas.printable import printable
from ...schemas.sample import IMAGE_FIELDS
from .fit_types import can_hold_text, is_bytes, is_text
from .texts import CAPTION_FIELDS

_HUB_KEY = "__key__"
_KEYS = (_HUB_KEY, "key")
_JSON, _TEXT = "json", "txt"
_IMAGE = "image"
_URL = "url"
_DIGESTS = frozenset({"md5", "sha256", "sha512", "hash", "phash", "uid"})


class ColumnsError(ValueError):
    """A table lacks a column that is needed, or has several that may be meant."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))  # names of columns may have line breaks


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns of a table that hold files and keys."""

    images: tuple[str, ...]
    """Columns of image files, the preferred first; img2dataset's stand for one image a row."""
    key: str | None
    """The column of keys; None where rows are numbered."""
    payloads: tuple[str, ...]
    """Other columns of files: they become members of samples, and are not read for captions."""

    @property
    def from_webdataset(self) -> bool:
        """Whether the columns are the members of WebDataset samples, as the hub exports them."""
        return self.key == _HUB_KEY


def choose_columns(schema: pa.Schema, image_col: str = "") -> TableColumns:
    """Return which columns of a table hold images, keys and other files.

    ``image_col`` names the column of images; by default it is found by names and types. Raises
    ColumnsError, in one line with the names of columns, if there are no images or if several
    columns may be meant.
    """
    repeated = [name for name, count in Counter(schema.names).items() if count > 1]
    if repeated:
        raise ColumnsError(f"it has several columns {repeated[0]!r}: keep one of them")
    images = image_columns(schema, image_col)
    if not images:
        raise ColumnsError(_without_images(schema, image_col))
    key = next((n for n in _KEYS if n in schema.names and _names_rows(schema.field(n).type)), None)
    taken = {*images, key, *CAPTION_FIELDS, *_DIGESTS, _TEXT, _URL}
    payloads = [f.name for f in schema if f.name not in taken and is_file(f.type)]
    return TableColumns(tuple(images), key, tuple(payloads))


def image_columns(schema: pa.Schema, image_col: str = "") -> list[str]:
    """Return the columns of a table that hold image files, an empty list without any.

    These are ``image_col`` if it is set; otherwise img2dataset's (``jpg``, ``png``, ...), or else
    ``image``, or else the only column of files. A table with urls and one column of plain bytes is
    a list of urls. Raises ColumnsError if several columns may be meant.
    """
    if image_col:
        fits = image_col in schema.names and is_file(schema.field(image_col).type)
        return [image_col] if fits else []
    columns = {field.name: field.type for field in schema if is_file(field.type)}
    if own := [name for name in IMAGE_FIELDS if name in columns]:
        return own
    named = [name for name in columns if name.lower() == _IMAGE]
    structs = [name for name, kind in columns.items() if pa.types.is_struct(kind)]
    plain = [n for n in columns if n not in {*structs, *CAPTION_FIELDS, *_DIGESTS, *_KEYS, _TEXT}]
    candidates = named or structs or ([] if _URL in map(str.lower, schema.names) else plain)
    if len(candidates) > 1:
        names = ", ".join(candidates)
        raise ColumnsError(f"its images may be in any of {names}: name one with --image-col")
    return candidates


def is_file(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds files: bytes, or structs of bytes and a path."""
    if pa.types.is_struct(kind):
        at = kind.get_field_index("bytes")
        return at >= 0 and (is_bytes(kind.field(at).type) or pa.types.is_null(kind.field(at).type))
    return is_bytes(kind)


def _without_images(schema: pa.Schema, image_col: str) -> str:
    if image_col in schema.names:
        kind = schema.field(image_col).type
        return f"its column {image_col!r} holds {kind}, no images (bytes, or struct bytes, path)"
    if image_col:
        return f"it has no column {image_col!r}, only {_some(schema.names)}"
    return (
        "it has no column of images (jpg, png, jpeg, webp, or image): name one with --image-col, "
        f"its columns are {_some(schema.names)}"
    )


def _names_rows(kind: pa.DataType) -> bool:
    return is_text(kind) or pa.types.is_integer(kind)


def caption_column(schema: pa.Schema, images: Collection[str], caption_field: str) -> str | None:
    """Return the column of captions, None if the table has none.

    It is ``caption_field`` if that is set; ``txt`` of WebDataset samples; ``caption``; or the only
    one with a usual name, in any case. Raises ColumnsError if there is no such column, if it cannot
    hold text, or if several may be meant.
    """
    fields = {field.name: field.type for field in flat_fields(schema)}
    if caption_field:
        return _named_caption(fields, caption_field)
    names = [n for n in fields if n.lower() in CAPTION_FIELDS and n not in images]
    if _HUB_KEY in fields:
        names = [_TEXT, *names] if _TEXT in fields and _TEXT not in images else names
    candidates = [name for name in names if can_hold_text(fields[name])]
    preferred = [name for name in (_TEXT, "caption") if name in candidates]
    if not preferred and len(candidates) > 1:
        raise ColumnsError(
            f"its captions may be in any of {', '.join(candidates)}: name one with --caption-field"
        )
    if names and not candidates:
        raise ColumnsError(_without_text(names[0], fields[names[0]]))
    return next(iter([*preferred, *candidates]), None)


def _named_caption(fields: dict[str, pa.DataType], name: str) -> str:
    if name not in fields:
        raise ColumnsError(f"it has no column {name!r}, only {_some(fields)}")
    if not can_hold_text(fields[name]):
        raise ColumnsError(_without_text(name, fields[name]))
    return name


def _without_text(name: str, kind: pa.DataType) -> str:
    return f"its column {name!r} holds {kind}, no captions: name another with --caption-field"


def _some(names: Iterable[str], most: int = 16) -> str:
    shown = list(names)
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def flat_fields(schema: pa.Schema) -> list[pa.Field]:
    """Return the fields of a table, those of a struct ``json`` as fields of its own."""
    at = schema.get_field_index(_JSON)
    if at < 0 or not pa.types.is_struct(schema.field(at).type):
        return list(schema)
    fields = [field for field in schema if field.name != _JSON]
    names = {field.name for field in fields} | {"key"}
    for field in schema.field(at).type:
        name = field.name
        while name in names:
            name = f"{_JSON}_{name}"
        names.add(name)
        fields.append(field.with_name(name))
    return fields


def with_json_fields(table: pa.Table) -> pa.Table:
    """Return ``table`` with the fields of a struct ``json`` as columns of its own."""
    fields = flat_fields(table.schema)
    at = table.schema.get_field_index(_JSON)
    if at < 0 or not pa.types.is_struct(table.schema.field(at).type):
        return table
    inner = table[_JSON].combine_chunks().flatten()
    arrays = [*table.remove_column(at).columns, *inner]
    return pa.Table.from_arrays(arrays, [field.name for field in fields])
