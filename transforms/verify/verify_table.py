"""A table of images -> what is wrong with it; its images are read, and decoded if asked."""

import hashlib
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...schemas.finding import Problem
from ...schemas.sample import is_safe_key
from ...storage import files
from ..read.check_image import image_fault
from ..read.stored_samples import image_columns, row_keys
from .verify_archive import ShardReport, least_repeated
from .verify_images import decoding_fault

_ROWS = 64


def verify_table(path: str, name: str, *, decode: bool) -> ShardReport:
    """Look at every row that was downloaded of a table of images."""
    report = ShardReport(path, name)
    try:
        with files.open_table(path) as file:
            _Walk(report, file, decode).run()
    except OSError as error:
        report.find(Problem.UNREADABLE, detail=files.fault(path, error))
    except pa.ArrowException as error:
        report.find(Problem.TRUNCATED, detail=f"no whole Parquet file: {error}")
    return report


class _Walk:
    """One pass over a table."""

    def __init__(self, report: ShardReport, file: pq.ParquetFile, decode: bool) -> None:
        self._report = report
        self._file = file
        self._decode = decode
        self._rows = 0
        self._keys: set[str] = set()
        self._images: Counter[bytes] = Counter()
        self._first: dict[bytes, str] = {}

    def run(self) -> None:
        images = image_columns(self._file.schema_arrow)
        names = [n for n in ("key", "status", "caption") if n in self._file.schema_arrow.names]
        if not images:
            detail = "it has no column of images: jpg, png, jpeg or webp"
            self._report.find(Problem.MISSING_MEMBER, detail=detail)
        if "caption" not in names:
            self._report.find(Problem.MISSING_MEMBER, detail="it has no column of captions")
        for batch in self._file.iter_batches(_ROWS, columns=[*names, *images]):
            self._look_at(pa.Table.from_batches([batch]), images)
        self._report.first_key = min(self._keys, default="")
        self._report.last_key = max(self._keys, default="")
        self._report_repeated()

    def _look_at(self, rows: pa.Table, images: list[str]) -> None:
        keys = pa.array(row_keys(rows, self._rows), pa.string())
        self._rows += rows.num_rows
        rows = rows.append_column("_key", keys)
        if "status" in rows.column_names:
            rows = rows.filter(pc.equal(rows["status"], "success"))
        blank = ["-"] * rows.num_rows
        captions = rows["caption"].to_pylist() if "caption" in rows.column_names else blank
        for at, (key, caption) in enumerate(zip(rows["_key"].to_pylist(), captions, strict=True)):
            self._look_at_key(key or "")
            if not str(caption or "").strip():
                self._report.find(Problem.EMPTY_MEMBER, key or "", "its caption is empty")
            contents = (rows[name][at] for name in images)
            image = next((c.as_buffer() for c in contents if c.is_valid), None)
            if images:
                self._look_at_image(key or "", None if image is None else memoryview(image))

    def _look_at_key(self, key: str) -> None:
        self._report.samples += 1
        if not is_safe_key(key):
            self._report.find(Problem.UNSAFE_NAME, key, "it cannot name a file in an archive")
        if key in self._keys:
            self._report.find(Problem.DUPLICATE_KEY, key, "another row of the table has it")
        self._keys.add(key)

    def _look_at_image(self, key: str, image: memoryview | None) -> None:
        if image is None:
            self._report.find(Problem.MISSING_MEMBER, key, "it has no image")
            return
        if not len(image):
            self._report.find(Problem.EMPTY_MEMBER, key, "its image is empty")
            return
        fault = decoding_fault(bytes(image)) if self._decode else image_fault(image)
        if fault is not None:
            self._report.find(Problem.UNDECODABLE_IMAGE, key, fault)
        digest = hashlib.blake2b(image, digest_size=16).digest()
        self._first.setdefault(digest, key)
        self._images[digest] += 1

    def _report_repeated(self) -> None:
        samples = self._report.samples
        for digest, count in self._images.items():
            if count >= least_repeated(samples):
                detail = f"{count} of {samples} samples have the same image"
                self._report.find(Problem.REPEATED_IMAGE, self._first[digest], detail)
