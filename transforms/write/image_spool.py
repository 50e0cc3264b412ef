"""Images -> a Parquet table with a column for each type of image, in bounded memory."""

from contextlib import ExitStack
from types import TracebackType
from typing import IO, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from ...storage import files
from ..read.payload import Payload, Stretch

_ROWS = 100
"""Rows in a row group, as in img2dataset's tables."""


class _Place(NamedTuple):
    field: str
    offset: int
    size: int


class ImageSpool:
    """Images in a temporary file, where they wait until the types of all of them are known."""

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._file = self._stack.enter_context(files.temporary_file())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def add(self, image_field: str, image: Payload) -> None:
        """Append the image of the next row, for the column ``image_field``."""
        self._places.append(_Place(image_field, self._file.tell(), len(image)))
        for block in image.blocks() if isinstance(image, Stretch) else (image,):
            self._file.write(block)

    def write_table(self, table: pa.Table, file: IO[bytes]) -> None:
        """Write ``table`` to ``file``, with the images in columns after its own.

        A column with the name of an image column is renamed to ``source_...``. Raises ValueError
        unless there is one image for each row.
        """
        if table.num_rows != len(self._places):
            raise ValueError(f"{len(self._places)} images for {table.num_rows} rows")
        fields = sorted({place.field for place in self._places}) or ["jpg"]
        names = [f"source_{n}" if n in fields else n for n in table.column_names]
        images = [pa.field(field, pa.binary()) for field in fields]
        plain = table.rename_columns(names).schema
        schema = pa.schema([*plain, *images], metadata=table.schema.metadata)
        with pq.ParquetWriter(
            file,
            schema,
            compression=dict.fromkeys(names, "zstd") | dict.fromkeys(fields, "none"),
            use_dictionary=names,
            write_statistics=names,
        ) as writer:
            for start in range(0, table.num_rows, _ROWS):
                rows = table.slice(start, _ROWS)
                places = self._places[start : start + _ROWS]
                columns = [self._column(field, places) for field in fields]
                writer.write_table(pa.Table.from_arrays([*rows.columns, *columns], schema=schema))

    def _column(self, field: str, places: list[_Place]) -> pa.Array:
        return pa.array(
            [self._read(place) if place.field == field else None for place in places], pa.binary()
        )

    def _read(self, place: _Place) -> bytes:
        self._file.seek(place.offset)
        return self._file.read(place.size)
