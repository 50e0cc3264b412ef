"""Columns of any type -> columns of the types of pairs: where a value does not fit, null."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from ...schemas.tables import encodable
from .json_values import json_value

_MOST_INT32 = 1 << 31
_DIGEST_BYTES = 32

_IS_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_IS_BYTES = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds text, and nothing else."""
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(is_kind(plain) for is_kind in _IS_TEXT)


def is_bytes(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds bytes of any length."""
    return any(is_kind(kind) for is_kind in _IS_BYTES)


def can_hold_text(kind: pa.DataType) -> bool:
    """Return whether captions can be in a column of this type: as text, bytes or in lists."""
    if pa.types.is_dictionary(kind):
        return can_hold_text(kind.value_type)
    if _is_list(kind):
        return can_hold_text(kind.value_type)
    if pa.types.is_struct(kind):
        return any(can_hold_text(field.type) for field in kind)
    return is_text(kind) or is_bytes(kind) or pa.types.is_null(kind)


def fit_column(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Return ``column`` as strings or 32-bit integers; where a value does not fit, null.

    The strings must be valid, as ``with_valid_text`` leaves them. Digests of 32 bytes become
    hexadecimal digits.
    """
    if column.type == kind:
        return column
    if pa.types.is_string(kind) and is_text(column.type):
        return column.cast(kind)
    if pa.types.is_integer(kind) and pa.types.is_integer(column.type):
        try:
            return column.cast(kind)
        except pa.ArrowInvalid:  # beyond 32 bits
            pass
    if _is_convertible(column.type):
        return pa.chunked_array([fit_values(column.to_pylist(), kind)])
    return pa.chunked_array([pa.nulls(len(column), kind)])


def fit_values(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return the strings or 32-bit integers among ``values``, null in place of others."""
    fit = _as_text if pa.types.is_string(kind) else _as_int32
    return pa.array([fit(value) for value in values], kind)


def _is_convertible(kind: pa.DataType) -> bool:
    """Return whether values of this type can be texts or numbers, and become Python's safely."""
    checks = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    if any(check(kind) for check in checks) or is_text(kind) or is_bytes(kind):
        return True
    return bool(pa.types.is_fixed_size_binary(kind))


def _as_text(value: object) -> str | None:
    if isinstance(value, bytes) and len(value) == _DIGEST_BYTES:
        return value.hex()
    return encodable(value) if isinstance(value, str) else None


def _as_int32(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():  # neither NaN nor infinite
        value = int(value)
    return value if type(value) is int and abs(value) < _MOST_INT32 else None


def with_plain_types(table: pa.Table) -> pa.Table:
    """Return ``table`` without types that Arrow cannot filter, concatenate or compare.

    Views and dictionaries become plain, maps JSON.
    """
    for at, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        if (kind := _plain_type(column.type)) == column.type:
            continue
        try:
            plain = _as_json(column) if pa.types.is_map(column.type) else column.cast(kind)
        except pa.ArrowException:
            plain = _as_json(column)
        table = table.set_column(at, name, plain)
    return table


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_string_view(kind) or pa.types.is_map(kind):
        return pa.string()
    if pa.types.is_binary_view(kind):
        return pa.large_binary()
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_plain_type(field.type)) for field in kind])
    return pa.list_(_plain_type(kind.value_type)) if _is_list(kind) else kind


def _as_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = []
    for value in column:
        try:
            plain = json_value(value.as_py())
        except UnicodeDecodeError:
            plain = None
        texts.append(None if plain is None else json.dumps(plain))
    return pa.chunked_array([pa.array(texts, pa.string())])


def with_valid_text(table: pa.Table) -> pa.Table:
    """Return ``table`` with null in place of texts that are no UTF-8, in lists and structs too.

    Parquet does not check its strings, and Python raises on them.
    """
    for at, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        if _holds_text(column.type) and not _is_valid(column):
            table = table.set_column(at, name, _valid(column))
    return table


def _holds_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _holds_text(kind.value_type)
    return is_text(kind) or any(_holds_text(kind.field(at).type) for at in range(kind.num_fields))


def _is_valid(column: pa.ChunkedArray) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _valid(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = _without_dictionaries(column.type)
    try:
        values = column.cast(kind).cast(_as_bytes(kind)).to_pylist()
        return pa.chunked_array([pa.array([_decode(v, kind) for v in values], kind)])
    except pa.ArrowException:  # a type that Arrow cannot convert, such as a map
        return pa.chunked_array([pa.nulls(len(column), kind)])


def _without_dictionaries(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _as_bytes(kind: pa.DataType) -> pa.DataType:
    """Return ``kind`` with bytes in place of text."""
    if is_text(kind):
        return pa.large_binary()
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(f.name, _as_bytes(f.type)) for f in kind])
    return pa.list_(_as_bytes(kind.value_type)) if _is_list(kind) else kind


def _is_list(kind: pa.DataType) -> bool:
    checks = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(check(kind) for check in checks)


def _decode(value: Any, kind: pa.DataType) -> Any:  # noqa: ANN401 - a value of any type
    if value is None:
        return None
    if is_text(kind):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    if pa.types.is_struct(kind):
        return {f.name: _decode(value[f.name], f.type) for f in kind}
    return [_decode(item, kind.value_type) for item in value] if _is_list(kind) else value


def loses_values(before: pa.ChunkedArray, after: pa.ChunkedArray) -> bool:
    """Return whether ``fit_column`` made a null of a value."""
    return bool(after.null_count > before.null_count)
