"""A table of images -> its report; images are read, and decoded if asked."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...schemas.finding import Problem
from ...schemas.sample import Sample
from ...storage import files, parquet
from ..read.check_image import image_fault
from ..read.fit_types import with_valid_text
from ..read.payload import StoredSample, Stretch
from ..read.read_table import are_downloaded, row_keys
from ..read.stored_rows import add_image
from ..read.table_columns import (
    ColumnsError,
    TableColumns,
    caption_column,
    choose_columns,
    with_json_fields,
)
from ..read.texts import choose_text
from .shard_report import ReportedControls, ReportedImages, ReportedKeys, ShardReport
from .verify_images import decoding_fault

_ROWS = 64


def verify_table(path: str, name: str, *, decode: bool) -> ShardReport:
    """Check every downloaded row of a table of images; with ``decode`` decode each image."""
    report = ShardReport(path, name)
    try:
        with parquet.open_table(path) as file:
            _Table(report, file, decode).check()
    except OSError as error:
        report.add(Problem.UNREADABLE, files.fault(path, error))
    except pa.ArrowException as error:
        report.add(Problem.TRUNCATED, f"it is not a complete Parquet file: {error}")
    return report


class _Table:
    """One pass over a table."""

    def __init__(self, report: ShardReport, file: pq.ParquetFile, decode: bool) -> None:
        self._report = report
        self._file = file
        self._decode = decode
        self._rows = 0
        self._keys = ReportedKeys(report)
        self._images = ReportedImages(report)
        self._controls = ReportedControls(report)

    def check(self) -> None:
        schema = self._file.schema_arrow
        try:
            columns = choose_columns(schema)
            caption = caption_column(schema, columns.images, "")
        except ColumnsError as error:
            self._report.add(Problem.MISSING_MEMBER, str(error))
            return
        if caption is None:
            self._report.add(Problem.MISSING_MEMBER, "it has no column of captions")
        wanted = {columns.key, caption, "status", *columns.images}
        if caption not in schema.names:
            wanted.add("json")
        names = [name for name in schema.names if name in wanted]
        for batch in self._file.iter_batches(_ROWS, columns=names):
            self._check_rows(pa.Table.from_batches([batch]), columns, caption)
        if columns.key is not None:
            self._keys.finish()
        self._images.finish()
        self._controls.finish()

    def _check_rows(self, rows: pa.Table, columns: TableColumns, caption: str | None) -> None:
        numbers = range(self._rows, self._rows + rows.num_rows)
        self._rows = numbers.stop
        keys = pc.fill_null(row_keys(rows, numbers, columns.key), "")
        images = rows.select(columns.images)
        rows = with_json_fields(with_valid_text(rows.drop_columns(columns.images)))
        mask = are_downloaded(rows)
        pairs = [True] * rows.num_rows if mask is None else mask.to_pylist()
        captions = ["-"] * rows.num_rows if caption is None else rows[caption].to_pylist()
        for at, key in enumerate(keys.to_pylist()):
            if not pairs[at]:
                continue
            self._keys.add(key)
            text = choose_text(captions[at], "first")[0] or ""
            if not text.strip():
                self._report.add(Problem.EMPTY_MEMBER, "its caption is empty", key=key)
            self._controls.add(key, text)
            sample: StoredSample = Sample(key)
            cells = {name: images[name][at] for name in columns.images}
            add_image(sample, self._report.path, cells)
            image = next(iter(sample.members.values()), None)
            if isinstance(image, Stretch):
                self._report.add(Problem.UNDECODABLE_IMAGE, f"{len(image)} bytes", key=key)
            else:
                self._check_image(key, image, sample.missing)

    def _check_image(self, key: str, image: bytes | memoryview | None, missing: str) -> None:
        if image is None:
            self._report.add(Problem.MISSING_MEMBER, missing or "it has no image", key=key)
            return
        if not len(image):
            self._report.add(Problem.EMPTY_MEMBER, "its image is empty", key=key)
            return
        fault = decoding_fault(bytes(image)) if self._decode else image_fault(image)
        if fault is not None:
            self._report.add(Problem.UNDECODABLE_IMAGE, fault, key=key)
        self._images.add(key, memoryview(image))
