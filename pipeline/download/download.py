"""Before the phases: lists of urls -> shards with images, by img2dataset on any runner."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import apache_beam as beam

from ...schemas.errors import EvenpairError, UsageError
from ...schemas.run_directory import RunDirectory
from ...storage import files
from ...transforms.download.download_shards import DownloadSettings, DownloadShards, UrlShard
from ...transforms.download.load_img2dataset import require_img2dataset
from ...transforms.download.polite_opener import Limits
from ...transforms.spread import Spread
from ..inputs.url_columns import UrlColumns, choose_columns
from ..inputs.url_lists import UrlList, find_url_lists, name_url_lists
from ..options.download_options import DownloadOptions, FetchOptions, UrlOptions
from ..options.fields import flag, record_of
from ..runs.faults import keep_fault, kept_faults
from ..runs.work import DOWNLOAD, Execute, Work
from .downloads import (
    download_identity,
    finished_shards,
    is_done,
    keep_download,
    refuse_other_download,
)
from .shard_urls import shard_urls


@dataclass(frozen=True, slots=True)
class Download:
    """The urls to download and the options, once it is known that they fit together."""

    lists: Sequence[UrlList]
    columns: UrlColumns
    options: DownloadOptions
    fetch: FetchOptions


def plan_download(
    lists: Sequence[UrlList], options: DownloadOptions, fetch: FetchOptions
) -> Download:
    """Return the download of ``lists``.

    Raises UsageError or EvenpairError for a column or a package that is missing.
    """
    columns = choose_columns(lists, options)
    require_img2dataset()
    return Download(lists, columns, options, fetch)


def plan_run_download(
    inputs: Sequence[str], urls: UrlOptions, fetch: FetchOptions
) -> Download | None:
    """Return the download that a run starts with, None if ``inputs`` are shards with images.

    Every column that JSON can hold is kept, for ``select`` to choose by. Raises UsageError if there
    is no column of captions.
    """
    if not name_url_lists(inputs):
        _refuse_options(urls, fetch)
        return None
    others = urls.save_additional_columns or ("*",)
    options = record_of(DownloadOptions, urls, save_additional_columns=others)
    planned = plan_download(find_url_lists(inputs), options, fetch)
    if planned.columns.caption is None:
        raise UsageError(f"{planned.lists[0].path} has no captions: name a --caption-col")
    return planned


def _refuse_options(urls: UrlOptions, fetch: FetchOptions) -> None:
    """Raise UsageError for an option of downloads, for nothing is downloaded.

    ``--caption-col`` is allowed: it names the captions of tables with images, too.
    """
    for options in (urls, fetch):
        for field in fields(options):
            if field.name != "caption_col" and getattr(options, field.name) != field.default:
                raise UsageError(f"{flag(field.name)} needs a list of urls as INPUT")


def build_download(
    root: beam.Pipeline,
    shards: Sequence[UrlShard],
    folder: RunDirectory,
    settings: DownloadSettings,
) -> None:
    """Wire the download: one element is one shard, and nothing is shuffled."""
    _ = (
        root
        | "Shards of urls" >> Spread(shards)
        | "Download shards" >> DownloadShards(folder.root, settings)
        | "Keep faults" >> beam.Map(keep_fault, folder)
    )


def download(planned: Download, folder: RunDirectory, execute: Execute) -> None:
    """Download into ``folder``; shards that are whole already are skipped.

    Raises UsageError if other urls were downloaded there, or with other options, and EvenpairError,
    a line for each, for shards that failed as a whole.
    """
    identity = download_identity(planned.lists, planned.options)
    refuse_other_download(folder, identity)
    if is_done(folder, identity):
        return
    keep_download(folder, identity, done=False)
    files.remove(folder.work)
    shards = shard_urls(
        planned.lists,
        planned.columns,
        planned.options,
        finished_shards(folder),
        folder.scratch("urls"),
    )
    if shards:
        settings = download_settings(planned)
        work = Work(DOWNLOAD, len(shards), folder, apart=True)
        execute(lambda root: build_download(root, shards, folder, settings), work)
    if faults := kept_faults(folder):
        raise EvenpairError("\n".join(faults))
    keep_download(folder, identity, done=True)
    files.remove_temporaries(folder.root)
    files.remove(folder.work)


def download_settings(planned: Download) -> DownloadSettings:
    """Return the arguments of img2dataset's resizer and downloader, and our limits."""
    options, fetch = planned.options, planned.fetch
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
        "save_caption": planned.columns.caption is not None,
        "number_sample_per_shard": options.number_sample_per_shard,
        "compute_hash": None if options.compute_hash == "none" else options.compute_hash,
        "verify_hash_type": options.compute_hash if planned.columns.hash else None,
        "encode_format": options.encode_format,
    }
    limits = Limits(
        fetch.max_bytes,
        fetch.max_seconds,
        fetch.requests_per_host,
        private_addresses=fetch.allow_private_addresses,
    )
    return DownloadSettings(options.format, resizer, downloader, limits)
