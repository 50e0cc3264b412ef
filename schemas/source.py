"""Source shards: what a run reads, and the names that it gives them."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


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


def expand_braces(pattern: str) -> list[str]:
    """Expand ``{00000..00012}`` and ``{a,b}`` as a shell does; the width of a range is kept.

    Each text comes once; braces that hold neither a range nor a comma stay as they are.
    """
    for braces in _BRACES.finditer(pattern):
        if choices := _alternatives(braces[1]):
            before, after = pattern[: braces.start()], pattern[braces.end() :]
            whole = (text for choice in choices for text in expand_braces(before + choice + after))
            return list(dict.fromkeys(whole))
    return [pattern]


def _alternatives(body: str) -> list[str]:
    match = _RANGE.fullmatch(body)
    if match is None:
        return body.split(",") if "," in body else []
    first, last = match.groups()
    padded = any(len(edge) > 1 and edge.startswith("0") for edge in (first, last))
    width = max(len(first), len(last)) if padded else 0
    step = 1 if int(first) <= int(last) else -1
    return [f"{i:0{width}d}" for i in range(int(first), int(last) + step, step)]
