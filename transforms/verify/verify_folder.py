"""A folder of shards -> what is wrong beside them: statistics, tables, sizes, stray files."""

import json
import posixpath
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.finding import Finding, Problem
from ...storage import files
from .verify_archive import ShardReport

_SIZES = "sizes.json"
_STATS = "_stats.json"


def verify_folder(folder: str, reports: Sequence[ShardReport]) -> list[Finding]:
    """Compare what lies beside the shards of a folder with what the shards hold."""
    listing = {posixpath.basename(path) for path in files.find_in(folder, "*")}
    findings = []
    for report in reports:
        findings += _beside(folder, report, listing)
    if _SIZES in listing:
        findings += _sizes(folder, {posixpath.basename(r.path): r for r in reports}, listing)
    stray = sorted(name for name in listing if name.endswith(".json") and _is_stray(name))
    detail = "img2dataset reads a shard's number from its name, and cannot resume"
    return findings + [Finding(name, "", Problem.STRAY_JSON, detail) for name in stray]


def _is_stray(name: str) -> bool:
    """Return whether img2dataset's resume fails for a JSON file; open_clip wants ``sizes.json``."""
    try:
        int(name.split("_")[0])
    except ValueError:
        return name != _SIZES
    return False


def _beside(folder: str, report: ShardReport, listing: set[str]) -> list[Finding]:
    stem = posixpath.splitext(posixpath.basename(report.path))[0]
    found = []
    if stem + _STATS in listing:
        counted = _count_in_stats(f"{folder}/{stem}{_STATS}")
        found.append(_compared(report, "statistics", counted))
    elif any(name.endswith(_STATS) for name in listing):
        detail = "it has no statistics, which are written last"
        found.append(Finding(report.name, "", Problem.UNFINISHED, detail))
    if report.path.endswith(".tar") and f"{stem}.parquet" in listing:
        counted = _count_in_table(f"{folder}/{stem}.parquet")
        found.append(_compared(report, "parquet", counted))
    return [finding for finding in found if finding is not None]


def _compared(report: ShardReport, what: str, counted: int | str) -> Finding | None:
    if counted == report.samples:
        return None
    if isinstance(counted, str):
        return Finding(
            report.name, "", Problem.COUNTS_DIFFER, f"its {what} cannot be read: {counted}"
        )
    detail = f"its {what} counts {counted} samples, it holds {report.samples}"
    return Finding(report.name, "", Problem.COUNTS_DIFFER, detail)


def _count_in_stats(path: str) -> int | str:
    """Return how many samples statistics count, or why they cannot be read."""
    try:
        said = json.loads(files.read_bytes(path))
        return int(said["successes"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


def _count_in_table(path: str) -> int | str:
    try:
        with files.open_table(path) as file:
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
        return [Finding(_SIZES, "", Problem.BAD_JSON, "it is no JSON object")]
    findings = []
    for name in sorted({n for n in listing if n.endswith(".tar")} | sizes.keys()):
        size, report = sizes.get(name), reports.get(name)
        if name not in listing:
            detail = f"{_SIZES} lists {name}, which is not there"
        elif size is None:
            detail = f"{_SIZES} does not list {name}"
        elif report is not None and size != report.samples:
            detail = f"{_SIZES} counts {size} samples, it holds {report.samples}"
        else:
            continue
        shown = report.name if report else name
        findings.append(Finding(shown, "", Problem.COUNTS_DIFFER, detail))
    return findings
