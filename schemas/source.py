"""Source shards: the files that a run reads, and their names in the run."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile


@dataclass(frozen=True, slots=True)
class Source:
    """One source shard: its number and its name in the run, and its path."""

    number: int
    name: str
    path: str
    image_col: str = ""
    """The column of a table with the images; empty where it is found by its name and type."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of images: its path ends with a slash."""
        return self.path.endswith("/")

    @property
    def is_table(self) -> bool:
        """Whether it is a Parquet file with a column of images, rather than a tar."""
        return self.path.lower().endswith(".parquet")

    @property
    def parquet_path(self) -> str:
        """Where img2dataset writes the table that belongs to a tar."""
        return posixpath.splitext(self.path)[0] + ".parquet"

    @property
    def stats_path(self) -> str:
        """Where img2dataset writes the shard's counts, last of all."""
        return posixpath.splitext(self.path)[0] + "_stats.json"


def name_sources(paths: Sequence[str], image_col: str = "") -> list[Source]:
    """Return the sources at ``paths``, each named by its path relative to what all of them share.

    The names have no extensions unless two of them would then be equal.

    >>> [source.name for source in name_sources(["data/a/00000.tar", "data/b/00000.tar"])]
    ['a/00000', 'b/00000']
    """
    plain = [path.rstrip("/") for path in paths]
    parents = zip(*(posixpath.dirname(path).split("/") for path in plain), strict=False)
    shared = sum(1 for _ in takewhile(lambda folders: len(set(folders)) == 1, parents))
    within = ["/".join(path.split("/")[shared:]).lstrip("/") for path in plain]
    names = [
        name if path.endswith("/") else posixpath.splitext(name)[0]
        for name, path in zip(within, paths, strict=True)
    ]
    if len(set(names)) < len(names):  # a tar and a table of the same name
        names = within
    return [Source(at, *pair, image_col) for at, pair in enumerate(zip(names, paths, strict=True))]
