"""A folder of downloads: its record, its finished shards, and the lines that sum it up."""

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
from ..runs.record import ADVICE, first_change, option_phrase, plain_options

_SHARD_FILE = re.compile(r"(\d+)(\.tar|\.parquet|_stats\.json)")
_RECORD = ".download"  # not .json: img2dataset reads every JSON file as the statistics of a shard
_REASONS_SHOWN = 5

DownloadIdentity = dict[str, Any]
"""The urls and the options that determine what a folder of downloads holds."""


def download_identity(lists: Sequence[UrlList], options: DownloadOptions) -> DownloadIdentity:
    """Return the identity of a download; how servers are asked is not part of it."""
    return {
        "urls": [[basename(urls.path), files.size_of(urls.path)] for urls in lists],
        "options": plain_options(options),
    }


def keep_download(folder: RunDirectory, identity: DownloadIdentity, *, done: bool) -> None:
    """Record the download in ``folder``, and whether it is complete."""
    content = json.dumps({**identity, "done": done}, indent=2).encode()
    files.write_bytes(folder.path(_RECORD), content + b"\n")


def is_done(folder: RunDirectory, identity: DownloadIdentity) -> bool:
    """Return whether ``folder`` holds the complete download."""
    return _load(folder) == {**identity, "done": True}


def refuse_other_download(folder: RunDirectory, identity: DownloadIdentity) -> None:
    """Raise UsageError if ``folder`` holds another download; more lists may be appended to one."""
    before = _load(folder)
    if not before:
        return
    if changed := first_change(before["options"], identity["options"]):
        name, was, now = changed
        difference = f"{option_phrase(name, was)}, not {option_phrase(name, now)}"
        raise UsageError(f"{folder.root} was downloaded {difference}: {ADVICE}")
    if identity["urls"][: len(before["urls"])] != before["urls"]:
        raise UsageError(f"{folder.root} was downloaded from other urls: {ADVICE}")


def _load(folder: RunDirectory) -> DownloadIdentity:
    path = folder.path(_RECORD)
    identity: DownloadIdentity = json.loads(files.read_bytes(path)) if files.exists(path) else {}
    return identity


def finished_shards(folder: RunDirectory) -> set[int]:
    """Return the numbers of the shards that are whole: those with statistics."""
    names = map(basename, files.find_in(folder.root, "*_stats.json"))
    return {int(match[1]) for name in names if (match := _SHARD_FILE.fullmatch(name))}


def clear_downloads(folder: RunDirectory) -> None:
    """Remove a download: its record first, the statistics of a shard before the shard."""
    files.remove(folder.path(_RECORD))
    paths = [path for path in files.find_in(folder.root, "*") if _is_ours(path)]
    for path in sorted(paths, key=lambda path: not path.endswith("_stats.json")):
        files.remove(path)
    files.remove(folder.work)


def refuse_other_files(folder: RunDirectory, lists: Sequence[UrlList]) -> None:
    """Raise UsageError if ``folder`` holds files that do not belong to a download."""
    scratch = {folder.work, folder.path("_tmp")}  # the second is img2dataset's
    inputs = {urls.path for urls in lists}
    for path in files.find_in(folder.root, "*"):  # hidden files are not found on a disk
        is_known = path in scratch or _is_ours(path) or basename(path)[0] == "."
        if path in inputs or not is_known:
            raise UsageError(f"{folder.root} holds other files, such as {path}: name a new folder")


def download_lines(folder: RunDirectory) -> Iterator[str]:
    """Yield the number of images, and the most frequent reasons for failures."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for number in finished_shards(folder):
        path = folder.path(f"{number:05d}_stats.json")
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
