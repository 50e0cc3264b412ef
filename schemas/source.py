"""Source shards: the files that a run reads, and their names in the run."""

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")


@dataclass(frozen=True, slots=True)
class Source:
    """One source shard: its number and its name in the run, and its path."""

    number: int
    name: str
    path: str

    @property
    def is_table(self) -> bool:
        """Whether it is a Parquet file with a column of images, rather than a tar."""
        return self.path.endswith(".parquet")

    @property
    def parquet_path(self) -> str:
        """Where img2dataset writes the table that belongs to a tar."""
        return posixpath.splitext(self.path)[0] + ".parquet"

    @property
    def stats_path(self) -> str:
        """Where img2dataset writes the shard's counts, last of all."""
        return posixpath.splitext(self.path)[0] + "_stats.json"


def name_sources(paths: Sequence[str]) -> list[Source]:
    """Return the sources at ``paths``, each named by its path relative to what all of them share.

    The names have no extensions unless two of them would then be equal.

    >>> [source.name for source in name_sources(["data/a/00000.tar", "data/b/00000.tar"])]
    ['a/00000', 'b/00000']
    """
    parents = zip(*(posixpath.dirname(path).split("/") for path in paths), strict=False)
    shared = sum(1 for _ in takewhile(lambda folders: len(set(folders)) == 1, parents))
    within = ["/".join(path.split("/")[shared:]).lstrip("/") for path in paths]
    names = [posixpath.splitext(name)[0] for name in within]
    if len(set(names)) < len(names):  # a tar and a table of the same name
        names = within
    return [Source(at, *pair) for at, pair in enumerate(zip(names, paths, strict=True))]


def expand_braces(pattern: str) -> list[str]:
    """Expand ``{00000..00012}`` and ``{a,b}`` as a shell does, with leading zeros kept.

    Each result occurs once; braces that hold neither a range nor a comma are left as they are.
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
