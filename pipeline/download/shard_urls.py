"""Lists of urls -> the urls of each shard, as img2dataset's own reader deals them out."""

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...schemas.errors import EvenpairError
from ...storage import files
from ...transforms.download.download_shards import UrlShard
from ...transforms.download.load_img2dataset import load_img2dataset
from ..inputs.url_columns import UrlColumns
from ..inputs.url_lists import UrlList
from ..options.download_options import UrlOptions


def shard_urls(
    lists: Sequence[UrlList],
    columns: UrlColumns,
    options: UrlOptions,
    done: set[int],
    folder: str,
) -> list[UrlShard]:
    """Write a table of urls into ``folder`` for each shard that is not ``done``.

    img2dataset knows other file systems than Beam does, so it is shown this machine's alone. Raises
    EvenpairError if a list cannot be read.
    """
    shards = []
    with files.scratch_folder(folder) as scratch:
        paths = [_here(found, scratch) for found in lists]
        reader = load_img2dataset().reader.Reader(
            url_list=paths[0],
            input_format=lists[0].format,
            url_col=columns.url,
            caption_col=columns.caption,
            verify_hash_col=columns.hash,
            verify_hash_type=options.compute_hash if columns.hash else None,
            save_additional_columns=list(columns.others) or None,
            number_sample_per_shard=options.number_sample_per_shard,
            done_shards=done,
            tmp_path=scratch,
        )
        reader.input_files = paths
        with contextlib.redirect_stdout(io.StringIO()), _told(lists):
            for number, made in reader:
                urls = f"{folder}/{number}.feather"
                files.move_in(made, urls)
                shards.append(UrlShard(number, urls, tuple(reader.column_list)))
    return shards


def _here(found: UrlList, scratch: str) -> str:
    if files.is_local(found.path):
        return found.path
    copy = f"{scratch}/{os.path.basename(found.path)}"
    Path(copy).write_bytes(files.read_bytes(found.path))
    return copy


@contextlib.contextmanager
def _told(lists: Sequence[UrlList]) -> Iterator[None]:
    """Say in one line what a list has that cannot be read."""
    try:
        yield
    except (EOFError, ValueError, LookupError) as error:
        which = lists[0].path if len(lists) == 1 else f"one of {len(lists)} lists of urls"
        raise EvenpairError(f"{which} cannot be read: {str(error).splitlines()[0]}") from error
