"""Source shards: what a run reads, and the names that it gives them."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile


@dataclass(frozen=True, slots=True)
class Source:
    """One source shard: its place in the run, its name in the run's tables, and where it lies."""

    number: int
    name: str
    path: str

    @property
    def is_table(self) -> bool:
        """Whether the images lie in a column of a Parquet file, rather than in a tar."""
        return self.path.endswith(".parquet")

    @property
    def parquet_path(self) -> str:
        """Where img2dataset puts the table that belongs to a tar."""
        return posixpath.splitext(self.path)[0] + ".parquet"

    @property
    def stats_path(self) -> str:
        """Where img2dataset puts the counts that it writes last."""
        return posixpath.splitext(self.path)[0] + "_stats.json"


def name_sources(paths: Sequence[str]) -> list[Source]:
    """Name every path by what it does not share with the others, if it can without its extension.

    >>> [source.name for source in name_sources(["data/a/00000.tar", "data/b/00000.tar"])]
    ['a/00000', 'b/00000']
    """
    parents = zip(*(posixpath.dirname(path).split("/") for path in paths), strict=False)
    shared = sum(1 for _ in takewhile(lambda folders: len(set(folders)) == 1, parents))
    within = ["/".join(path.split("/")[shared:]).lstrip("/") for path in paths]
    names = [posixpath.splitext(name)[0] for name in within]
    if len(set(names)) < len(names):  # a tar and a table of the same name
        names = within
    return [Source(n, *named) for n, named in enumerate(zip(names, paths, strict=True))]
