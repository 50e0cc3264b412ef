"""Before the phases: lists of urls -> shards with images, by img2dataset on any runner."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import apache_beam as beam

from ...schemas.errors import EvenpairError, UsageError
from ...schemas.run_directory import RunDirectory
from ...storage import files
from ...transforms.download.download_shards import Downloading, DownloadShards, UrlShard
from ...transforms.download.load_img2dataset import require_img2dataset
from ...transforms.download.polite_opener import Limits
from ...transforms.spread import Spread
from ..inputs.url_columns import UrlColumns, choose_columns
from ..inputs.url_lists import UrlList, find_url_lists, name_url_lists
from ..options.download_options import DownloadOptions, FetchOptions, UrlOptions
from ..options.options import flag
from ..runs.faults import keep_fault, kept_faults
from ..runs.work import DOWNLOAD, Execute, Work
from .downloads import finished, is_done, keep_download, make_download, refuse_other_download
from .shard_urls import shard_urls


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be downloaded, and how, once that is known to be possible."""

    lists: Sequence[UrlList]
    columns: UrlColumns
    options: DownloadOptions
    fetch: FetchOptions


def plan_download(
    lists: Sequence[UrlList], options: DownloadOptions, fetch: FetchOptions
) -> Wanted:
    """Look at all that is needed. Raises UsageError or EvenpairError for what is wanting."""
    columns = choose_columns(lists, options)
    require_img2dataset()
    return Wanted(lists, columns, options, fetch)


def plan_run_download(
    inputs: Sequence[str], urls: UrlOptions, fetch: FetchOptions
) -> Wanted | None:
    """Return what a run downloads first, None where ``inputs`` have images.

    Every column that can be is kept, for ``select`` to choose by. Raises UsageError if there is
    none of captions.
    """
    if not name_url_lists(inputs):
        _refuse_options(urls, fetch)
        return None
    others = urls.save_additional_columns or ("*",)
    options = DownloadOptions(**{**asdict(urls), "save_additional_columns": others})
    wanted = plan_download(find_url_lists(inputs), options, fetch)
    if wanted.columns.caption is None:
        raise UsageError(f"{wanted.lists[0].path} has no captions: name a --caption-col")
    return wanted


def _refuse_options(urls: UrlOptions, fetch: FetchOptions) -> None:
    """Raise UsageError for an option that would do nothing, for nothing is downloaded."""
    for given in (urls, fetch):
        for field in fields(given):
            if getattr(given, field.name) != field.default:
                raise UsageError(f"{flag(field.name)} needs a list of urls as INPUT")


def build_download(
    root: beam.Pipeline, shards: Sequence[UrlShard], run_dir: RunDirectory, how: Downloading
) -> None:
    """Wire it: one element is one shard, and nothing is shuffled."""
    _ = (
        root
        | "Shards of urls" >> Spread(shards)
        | "Download shards" >> DownloadShards(run_dir.root, how)
        | "Keep faults" >> beam.Map(keep_fault, run_dir)
    )


def download(wanted: Wanted, run_dir: RunDirectory, execute: Execute) -> None:
    """Download into ``folder``; shards that are whole already are passed over.

    Raises UsageError if other urls were downloaded there, or with other options, and EvenpairError,
    a line for each, for shards that failed as a whole.
    """
    asked = make_download(wanted.lists, wanted.options)
    refuse_other_download(run_dir, asked)
    if is_done(run_dir, asked):
        return
    keep_download(run_dir, asked, done=False)
    files.remove(run_dir.work)
    shards = shard_urls(
        wanted.lists,
        wanted.columns,
        wanted.options,
        finished(run_dir),
        run_dir.scratch("urls"),
    )
    if shards:
        how = downloading(wanted)
        work = Work(DOWNLOAD, len(shards), run_dir, apart=True)
        execute(lambda root: build_download(root, shards, run_dir, how), work)
    if faults := kept_faults(run_dir):
        raise EvenpairError("\n".join(faults))
    keep_download(run_dir, asked, done=True)
    files.remove_temporaries(run_dir.root)
    files.remove(run_dir.work)


def downloading(wanted: Wanted) -> Downloading:
    """Return what img2dataset is told."""
    options, fetch = wanted.options, wanted.fetch
    resizer = {
        "image_size": options.image_size,
        "resize_mode": options.resize_mode,
        "resize_only_if_bigger": options.resize_only_if_bigger,
        "encode_format": options.encode_format,
        "encode_quality": options.encode_quality,
        "skip_reencode": options.skip_reencode,
        "min_image_size": options.min_image_size,
        "max_aspect_ratio": options.max_aspect_ratio or float("inf"),
    }
    downloader = {
        "thread_count": fetch.thread_count,
        "timeout": fetch.timeout,
        "retries": fetch.retries,
        "user_agent_token": fetch.user_agent_token or None,
        "disallowed_header_directives": list(fetch.disallowed_header_directives) or None,
        "save_caption": wanted.columns.caption is not None,
        "number_sample_per_shard": options.number_sample_per_shard,
        "compute_hash": None if options.compute_hash == "none" else options.compute_hash,
        "verify_hash_type": options.compute_hash if wanted.columns.hash else None,
        "encode_format": options.encode_format,
    }
    limits = Limits(fetch.max_bytes, fetch.max_seconds, fetch.requests_per_host)
    return Downloading(options.format, resizer, downloader, limits)
