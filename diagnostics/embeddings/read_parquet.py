"""Parquet, one row a pair -> arrays; vectors are copied into a file that can be read by row."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.errors import EvenpairError, UsageError
from ...storage import parquet
from .file_rows import Spool, spool

_ROWS = 4096


def read_parquet(
    paths: Sequence[str], text_column: str, names: Iterable[str], open_until: ExitStack
) -> dict[str, Any]:
    """Return the columns ``image``, ``text`` and those of ``names`` that there are.

    ``text`` is the column ``text_column``. A row with an image and a text is a pair. With a column
    ``text_to_image``, whose numbers count the images from 0, a row may have an image, a text or
    both. Rows without either are counted under ``left_out``. Raises UsageError if a column is
    missing, EvenpairError if a file cannot be read.
    """
    columns = _Columns(paths, text_column, tuple(names), open_until)
    for path in paths:
        try:
            with parquet.open_table(path) as file:
                columns.require(path, file.schema_arrow)
                for batch in file.iter_batches(_ROWS, columns=columns.wanted(file.schema_arrow)):
                    columns.add(path, batch)
        except pa.ArrowException as error:
            raise EvenpairError(f"{path} cannot be read as Parquet: {error}") from error
    return columns.arrays()


class _Columns:
    """What was read so far."""

    def __init__(
        self, paths: Sequence[str], text: str, names: tuple[str, ...], open_until: ExitStack
    ) -> None:
        self._text = text
        self._names = names
        where = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
        self._vectors: dict[str, Spool] = {
            name: open_until.enter_context(spool(f"{where}: {name}")) for name in ("image", text)
        }
        self._values: dict[str, list[npt.NDArray[Any]]] = {}
        self._left_out = 0

    def require(self, path: str, schema: pa.Schema) -> None:
        """Raise UsageError if there are no columns of images or of texts."""
        missing = [name for name in self._vectors if name not in schema.names]
        if missing:
            there = ", ".join(map(ascii, schema.names))
            raise UsageError(f"{path} has no column {missing[0]}: it has {there}")

    def wanted(self, schema: pa.Schema) -> list[str]:
        return [
            name for name in dict.fromkeys((*self._vectors, *self._names)) if name in schema.names
        ]

    def add(self, path: str, batch: pa.RecordBatch) -> None:
        """Take in some rows."""
        has = {name: batch[name].is_valid().to_numpy(False) for name in self._vectors}
        several = "text_to_image" in batch.schema.names
        rows = has if several else dict.fromkeys(has, np.logical_and(*has.values()))
        self._left_out += int((~np.logical_or(*rows.values())).sum())
        for name, spooled in self._vectors.items():
            chosen = batch[name].filter(pa.array(rows[name]))
            if len(chosen):
                spooled.append(_matrix(chosen, f"{path}: {name}"))
        for name in batch.schema.names:
            if name not in self._vectors:
                of = rows[self._text if name == "text_to_image" else "image"]
                values = _values(batch[name].filter(pa.array(of)), f"{path}: {name}")
                self._values.setdefault(name, []).append(values)

    def arrays(self) -> dict[str, Any]:
        image, text = (spooled.rows() for spooled in self._vectors.values())
        values = {name: np.concatenate(parts) for name, parts in self._values.items()}
        return {"image": image, "text": text, "left_out": self._left_out, **values}


def _matrix(column: pa.Array, name: str) -> npt.NDArray[Any]:
    """Return a column of lists of numbers, none of them null, as rows."""
    if not _is_list(column.type):
        raise UsageError(f"{name} must be lists of numbers, not {column.type}")
    values = column.flatten()
    lengths = pc.unique(pc.list_value_length(column)).to_pylist()
    if len(lengths) > 1:
        raise EvenpairError(f"{name} has rows of {min(lengths)} and of {max(lengths)} numbers")
    rows: npt.NDArray[Any] = values.to_numpy(zero_copy_only=False)
    return rows.reshape(len(column), lengths[0])


def _is_list(kind: pa.DataType) -> bool:
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(is_kind(kind) for is_kind in lists)


def _values(column: pa.Array, name: str) -> npt.NDArray[Any]:
    if column.null_count:
        raise EvenpairError(f"{name} has {column.null_count} empty values")
    if _is_list(column.type):
        return _matrix(column, name)
    values: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values.astype(str) if values.dtype == object else values
