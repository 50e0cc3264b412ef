"""A table of images -> its report; images are read, and decoded if asked."""

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...schemas.finding import Problem
from ...storage import files
from ..read.check_image import image_fault
from ..read.stored_samples import image_columns, row_keys
from .shard_report import ReportedControls, ReportedImages, ReportedKeys, ShardReport
from .verify_images import decoding_fault

_ROWS = 64


def verify_table(path: str, name: str, *, decode: bool) -> ShardReport:
    """Check every downloaded row of a table of images; with ``decode`` decode each image."""
    report = ShardReport(path, name)
    try:
        with files.open_table(path) as file:
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
        images = image_columns(schema)
        names = [name for name in ("key", "status", "caption") if name in schema.names]
        if not images:
            detail = "it has no column of images: jpg, png, jpeg or webp"
            self._report.add(Problem.MISSING_MEMBER, detail)
        if "caption" not in names:
            self._report.add(Problem.MISSING_MEMBER, "it has no column of captions")
        for batch in self._file.iter_batches(_ROWS, columns=[*names, *images]):
            self._check_rows(pa.Table.from_batches([batch]), images)
        self._keys.finish()
        self._images.finish()
        self._controls.finish()

    def _check_rows(self, rows: pa.Table, images: list[str]) -> None:
        keys = pa.array(row_keys(rows, self._rows), pa.string())
        self._rows += rows.num_rows
        rows = rows.append_column("_key", pc.fill_null(keys, ""))
        if "status" in rows.column_names:
            rows = rows.filter(pc.equal(rows["status"], "success"))
        has_captions = "caption" in rows.column_names
        captions = rows["caption"].to_pylist() if has_captions else ["-"] * rows.num_rows
        for at, (key, caption) in enumerate(zip(rows["_key"].to_pylist(), captions, strict=True)):
            self._keys.add(key)
            if not str(caption or "").strip():
                self._report.add(Problem.EMPTY_MEMBER, "its caption is empty", key=key)
            self._controls.add(key, str(caption or ""))
            contents = (rows[name][at] for name in images)
            image = next((c.as_buffer() for c in contents if c.is_valid), None)
            if images:
                self._check_image(key, None if image is None else memoryview(image))

    def _check_image(self, key: str, image: memoryview | None) -> None:
        if image is None:
            self._report.add(Problem.MISSING_MEMBER, "it has no image", key=key)
            return
        if not len(image):
            self._report.add(Problem.EMPTY_MEMBER, "its image is empty", key=key)
            return
        fault = decoding_fault(bytes(image)) if self._decode else image_fault(image)
        if fault is not None:
            self._report.add(Problem.UNDECODABLE_IMAGE, fault, key=key)
        self._images.add(key, image)
