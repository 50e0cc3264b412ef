"""A folder of shards -> findings in the files beside them: statistics, tables, ``sizes.json``."""

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.finding import Finding, Problem
from ...storage import files, parquet
from ..read.read_successes import read_successes
from .shard_report import ShardReport

_SIZES = "sizes.json"
_STATS = "_stats.json"


def verify_folder(folder: str, reports: Sequence[ShardReport]) -> list[Finding]:
    """Compare the files beside the shards of a folder with the contents of the shards."""
    listing = {posixpath.basename(path) for path in files.find_in(folder, "*")}
    findings: list[Finding] = []
    for report in reports:
        findings += _findings_beside(folder, report, listing)
    if _SIZES in listing:
        findings += _sizes(folder, {posixpath.basename(r.path): r for r in reports}, listing)
    stray = sorted(name for name in listing if name.endswith(".json") and _is_stray(name))
    detail = "img2dataset reads a shard's number from its name, and cannot resume"
    return findings + [Finding(name, "", Problem.STRAY_JSON, detail) for name in stray]


def _is_stray(name: str) -> bool:
    """Return whether img2dataset cannot resume beside a JSON file that open_clip does not need."""
    try:
        int(name.split("_")[0])
    except ValueError:
        return name != _SIZES
    return False


def _findings_beside(folder: str, report: ShardReport, listing: set[str]) -> Iterator[Finding]:
    stem = posixpath.splitext(posixpath.basename(report.path))[0]
    if stem + _STATS in listing:
        count = _count_in_stats(f"{folder}/{stem}{_STATS}")
        yield from _compare(report, "statistics", count)
    elif any(name.endswith(_STATS) for name in listing):
        detail = "it has no statistics, which are written last"
        yield Finding(report.name, "", Problem.UNFINISHED, detail)
    if report.path.endswith(".tar") and f"{stem}.parquet" in listing:
        count = _count_in_table(f"{folder}/{stem}.parquet")
        yield from _compare(report, "parquet", count)


def _compare(report: ShardReport, file: str, count: int | str) -> Iterator[Finding]:
    """Yield a finding unless ``count``, or a reason without one, is that of the report."""
    if isinstance(count, str):
        detail = f"its {file} cannot be read: {count}"
    else:
        detail = f"{count} samples in its {file}, {report.samples} in the shard"
    if count != report.samples:
        yield Finding(report.name, "", Problem.COUNTS_DIFFER, detail)


def _count_in_stats(path: str) -> int | str:
    """Return the number of samples in statistics, or why they cannot be read."""
    try:
        return read_successes(path)
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def _count_in_table(path: str) -> int | str:
    """Return the number of samples in a table, or why it cannot be read."""
    try:
        with parquet.open_table(path) as file:
            if "status" not in file.schema_arrow.names:
                return int(file.metadata.num_rows)
            status = file.read(["status"])["status"]
            return int(pc.sum(pc.equal(status, "success")).as_py() or 0)
    except (OSError, pa.ArrowException) as error:
        return str(error).splitlines()[0]


def _sizes(folder: str, reports: Mapping[str, ShardReport], listing: set[str]) -> list[Finding]:
    try:
        sizes = json.loads(files.read_bytes(f"{folder}/{_SIZES}"))
    except (OSError, ValueError, RecursionError) as error:
        return [Finding(_SIZES, "", Problem.BAD_JSON, str(error))]
    if not isinstance(sizes, dict):
        return [Finding(_SIZES, "", Problem.BAD_JSON, "it is not a JSON object")]
    findings: list[Finding] = []
    for name in sorted({n for n in listing if n.endswith(".tar")} | sizes.keys()):
        size, report = sizes.get(name), reports.get(name)
        if name not in listing:
            detail = f"{_SIZES} lists {name}, which does not exist"
        elif size is None:
            detail = f"{_SIZES} does not list {name}"
        elif report is not None and size != report.samples:
            detail = f"{size} samples in {_SIZES}, {report.samples} in the shard"
        else:
            continue
        shown = report.name if report else name
        findings.append(Finding(shown, "", Problem.COUNTS_DIFFER, detail))
    return findings
