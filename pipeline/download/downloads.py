"""A folder of downloads: what was asked for, what is there, what a person is told of it."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from os.path import basename
from typing import Any

from ...schemas.errors import UsageError
from ...schemas.run_directory import RunDirectory
from ...storage import files
from ..inputs.url_lists import UrlList
from ..options.download_options import DownloadOptions
from ..runs.record import ADVICE, first_change, options_of, said

_SHARD_FILE = re.compile(r"(\d+)(\.tar|\.parquet|_stats\.json)")
_RECORD = ".download"  # no .json: img2dataset takes every one for the statistics of a shard
_REASONS_SHOWN = 5

Asked = dict[str, Any]


def make_download(lists: Sequence[UrlList], options: DownloadOptions) -> Asked:
    """Return what a download is told from others by; how servers are asked is not among it."""
    return {
        "urls": [[basename(found.path), files.size_of(found.path)] for found in lists],
        "options": options_of(options),
    }


def keep_download(run_dir: RunDirectory, asked: Asked, *, done: bool) -> None:
    """Note what is downloaded into ``folder``, and whether all of it is there."""
    content = json.dumps({**asked, "done": done}, indent=2).encode()
    files.write_bytes(run_dir.path(_RECORD), content + b"\n")


def is_done(run_dir: RunDirectory, asked: Asked) -> bool:
    """Return whether all that is asked for is there."""
    return _load(run_dir) == {**asked, "done": True}


def refuse_other_download(run_dir: RunDirectory, asked: Asked) -> None:
    """Raise UsageError if what is there was made otherwise; more lists may follow those before."""
    before = _load(run_dir)
    if not before:
        return
    if changed := first_change(before["options"], asked["options"]):
        name, was, now = changed
        differs = f"{said(name, was)}, not {said(name, now)}"
        raise UsageError(f"{run_dir.root} was downloaded {differs}: {ADVICE}")
    if asked["urls"][: len(before["urls"])] != before["urls"]:
        raise UsageError(f"{run_dir.root} was downloaded from other urls: {ADVICE}")


def _load(run_dir: RunDirectory) -> Asked:
    path = run_dir.path(_RECORD)
    asked: Asked = json.loads(files.read_bytes(path)) if files.exists(path) else {}
    return asked


def finished(run_dir: RunDirectory) -> set[int]:
    """Return the numbers of the shards that are whole: those with statistics."""
    names = map(basename, files.find_in(run_dir.root, "*_stats.json"))
    return {int(found[1]) for name in names if (found := _SHARD_FILE.fullmatch(name))}


def clear_downloads(run_dir: RunDirectory) -> None:
    """Remove what was downloaded; the record goes first, statistics before what they speak for."""
    files.remove(run_dir.path(_RECORD))
    paths = [path for path in files.find_in(run_dir.root, "*") if _is_ours(path)]
    for path in sorted(paths, key=lambda path: not path.endswith("_stats.json")):
        files.remove(path)
    files.remove(run_dir.work)


def refuse_other_files(run_dir: RunDirectory, lists: Sequence[UrlList]) -> None:
    """Raise UsageError if ``folder`` holds what no download left there."""
    scratch = {run_dir.work, run_dir.path("_tmp")}  # the other is img2dataset's own
    taken = {found.path for found in lists}
    for path in files.find_in(run_dir.root, "*"):  # hidden files are not found on a disk
        if path in taken or not (path in scratch or _is_ours(path) or basename(path)[0] == "."):
            raise UsageError(f"{run_dir.root} holds other files, such as {path}: name a new folder")


def download_lines(run_dir: RunDirectory) -> Iterator[str]:
    """Yield how many images there are, and why most of the others failed."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for number in finished(run_dir):
        path = run_dir.path(f"{number:05d}_stats.json")
        statistics: dict[str, Any] = json.loads(files.read_bytes(path))
        counts.update({name: statistics[name] for name in ("count", "successes")})
        reasons.update(statistics["status_dict"])
    reasons.pop("success", None)
    yield f"{counts['count']} urls, {counts['successes']} images"
    for reason, count in reasons.most_common(_REASONS_SHOWN):
        yield f"  {count} failed: {' '.join(reason.split())}"
    if len(reasons) > _REASONS_SHOWN:
        rest = sum(count for _, count in reasons.most_common()[_REASONS_SHOWN:])
        yield f"  {rest} failed for other reasons, which the tables name"


def _is_ours(path: str) -> bool:
    return _SHARD_FILE.fullmatch(basename(path)) is not None
