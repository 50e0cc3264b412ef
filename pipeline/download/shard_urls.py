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

    img2dataset and Beam support different file systems, so lists are copied to this machine first.
    Raises EvenpairError if a list cannot be read.
    """
    shards = []
    with files.scratch_folder(folder) as scratch:
        paths = [_local_path(urls, scratch) for urls in lists]
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
        with contextlib.redirect_stdout(io.StringIO()), _errors_in_one_line(lists):
            for number, made in reader:
                urls = f"{folder}/{number}.feather"
                files.move_in(made, urls)
                shards.append(UrlShard(number, urls, tuple(reader.column_list)))
    return shards


def _local_path(urls: UrlList, scratch: str) -> str:
    """Return the path of a list on this machine, copied into ``scratch`` if it is remote."""
    if files.is_local(urls.path):
        return urls.path
    copy = f"{scratch}/{os.path.basename(urls.path)}"
    Path(copy).write_bytes(files.read_bytes(urls.path))
    return copy


@contextlib.contextmanager
def _errors_in_one_line(lists: Sequence[UrlList]) -> Iterator[None]:
    """Raise EvenpairError, in one line, for a list that cannot be read."""
    try:
        yield
    except (EOFError, ValueError, LookupError) as error:
        which = lists[0].path if len(lists) == 1 else f"one of {len(lists)} lists of urls"
        reason = str(error).splitlines()[0]
        raise EvenpairError(f"{which} cannot be read: {reason}") from error
