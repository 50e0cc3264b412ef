"""Lists of urls and options -> the columns that img2dataset reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from ...schemas.errors import UsageError
from ..options.download_options import UrlOptions
from ..options.fields import flag
from .url_lists import UrlList, columns_of

_CAPTIONS = ("caption", "text")
"""The usual names of a column of captions."""

_OWN = frozenset(
    "key caption url width height original_width original_height status error_message exif "
    "md5 sha256 sha512".split()
)
"""Columns that img2dataset writes itself."""


@dataclass(frozen=True, slots=True)
class UrlColumns:
    """The columns of a list that are read, by the list's own names."""

    url: str
    caption: str | None
    hash: str | None
    others: tuple[str, ...]


def choose_columns(lists: Sequence[UrlList], options: UrlOptions) -> UrlColumns:
    """Return the columns to read, the same of all ``lists``.

    Raises UsageError, with the columns of the list, for one that is missing or cannot be kept.
    """
    first, columns = lists[0], columns_of(lists[0])
    caption = options.caption_col or next((n for n in _CAPTIONS if n in columns.names), None)
    chosen = UrlColumns(
        options.url_col, caption, options.verify_hash or None, _others(columns, caption, options)
    )
    _require(first, columns, chosen, options)
    for other in lists[1:]:
        _require(other, columns_of(other), chosen, options)
    return chosen


def _others(columns: pa.Schema, caption: str | None, options: UrlOptions) -> tuple[str, ...]:
    """Return the other columns to keep; ``*`` means every column that JSON can hold."""
    if options.save_additional_columns != ("*",):
        return options.save_additional_columns
    taken = _OWN | {options.url_col, caption, options.verify_hash}
    return tuple(f.name for f in columns if f.name not in taken and _fits_json(f.type))


def _require(urls: UrlList, columns: pa.Schema, chosen: UrlColumns, options: UrlOptions) -> None:
    named = [
        ("url_col", chosen.url),
        ("caption_col", chosen.caption),
        ("verify_hash", chosen.hash),
        *(("save_additional_columns", name) for name in chosen.others),
    ]
    for option, name in named:
        if name is not None and name not in columns.names:
            has = ", ".join(columns.names)
            raise UsageError(f"{flag(option)} {name}: {urls.path} has no such column, only {has}")
    for name in chosen.others:
        if name in _OWN:
            raise UsageError(f"--save-additional-columns {name}: img2dataset writes such a column")
        if not _fits_json(columns.field(name).type):
            kind = columns.field(name).type
            raise UsageError(f"--save-additional-columns {name}: JSON cannot hold {kind}")
    _require_names_once(urls, columns, chosen, options)


def _require_names_once(
    urls: UrlList, columns: pa.Schema, chosen: UrlColumns, options: UrlOptions
) -> None:
    """Raise UsageError if two columns have the same name once img2dataset has renamed its own."""
    renamed = {chosen.caption: "caption", chosen.hash: options.compute_hash, chosen.url: "url"}
    names = [renamed.get(name, name) for name in columns.names]
    if urls.format == "parquet":  # img2dataset reads only these columns of Parquet
        wanted = {chosen.url, chosen.caption, chosen.hash, *chosen.others}
        names = [renamed.get(name, name) for name in columns.names if name in wanted]
    for name in (*filter(None, renamed.values()), *chosen.others):
        if names.count(name) > 1:
            raise UsageError(f"{urls.path} has two columns for {name}: leave one of them out")


def _fits_json(kind: pa.DataType) -> bool:
    if pa.types.is_nested(kind):
        return not pa.types.is_map(kind) and all(
            _fits_json(kind.field(at).type) for at in range(kind.num_fields)
        )
    fits = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_boolean,
        pa.types.is_null,
        pa.types.is_string,
        pa.types.is_large_string,
    )
    return any(is_kind(kind) for is_kind in fits)
