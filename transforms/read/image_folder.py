"""A folder of images -> its images by key, and the files beside them."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...storage import files

IMAGE_SUFFIXES = frozenset("jpg jpeg jpe jfif png webp gif bmp tif tiff avif heic heif".split())
METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
"""The tables of a folder's images, the preferred first, as the datasets library names them."""

TEXT_SUFFIXES = ("txt", "caption", "text", "cap")
"""The suffixes of captions beside images, the preferred first."""

_BESIDE = (*TEXT_SUFFIXES, "json")
_DOUBLE = frozenset({"tar.gz", "tar.zst", "tar.bz2", "tar.xz"})


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """The files of a source, relative to its folder."""

    metadata: str | None
    """The table of the images, None if there is none."""
    images: dict[str, str]
    """The path of each image, by its key."""
    beside: dict[str, dict[str, str]]
    """By path of an image and suffix (``txt``, ``json``, ...), the files of the same stem."""


def find_image_folders(folder: str) -> list[str]:
    """Return the folders in and below ``folder`` that are sources, each with a slash at its end.

    A folder with a table of images is one source with all that lies below it. Any other folder that
    holds images itself is one without its subfolders.
    """
    paths = files.walk(folder)
    tables = _folders_of_tables(paths)
    homes = {_home(path, tables) for path in paths if _is_image(path)}
    root = folder.rstrip("/")
    return [f"{root}/{home}/" if home else f"{root}/" for home in sorted(homes)]


def list_images(folder: str) -> ImageFolder:
    """Return the images of a source, with what lies beside them."""
    paths = files.walk(folder)
    tables = _folders_of_tables(paths)
    metadata = next((name for name in METADATA if name in paths), None)
    own = [path for path in paths if _home(path, tables) == ""]
    images: dict[str, str] = {}
    by_stem: dict[str, list[str]] = {}
    for path in own:
        stem, suffix = split_suffix(path)
        if suffix in _BESIDE:
            by_stem.setdefault(stem, []).append(path)
        elif suffix in IMAGE_SUFFIXES:
            key = _key(stem) if _key(stem) not in images else _key(path)
            images[key] = path
    beside = {
        path: {split_suffix(other)[1]: other for other in by_stem.get(split_suffix(path)[0], [])}
        for path in images.values()
    }
    return ImageFolder(metadata, images, beside)


def _folders_of_tables(paths: Iterable[str]) -> set[str]:
    return {posixpath.dirname(path) for path in paths if posixpath.basename(path) in METADATA}


def _home(path: str, tables: set[str]) -> str:
    """Return the folder of the source that a file belongs to."""
    own = folder = posixpath.dirname(path)
    while folder not in tables:
        if not folder:
            return own
        folder = posixpath.dirname(folder)
    return folder


def _is_image(path: str) -> bool:
    return split_suffix(path)[1] in IMAGE_SUFFIXES


def split_suffix(path: str) -> tuple[str, str]:
    """Return a path without its suffix, and the suffix in lower case."""
    stem, suffix = posixpath.splitext(path)
    return stem, suffix[1:].lower()


def _key(path: str) -> str:
    """Return a path as a key: readers of archives cut names at the first dot of the last part."""
    folder, slash, base = path.rpartition("/")
    return f"{folder}{slash}{base.replace('%', '%25').replace('.', '%2E')}"


def is_image_folder(paths: Sequence[str]) -> bool:
    """Return whether a folder with the files ``paths`` holds images or a table of images."""
    return any(_is_image(path) or posixpath.basename(path) in METADATA for path in paths)


def count_unread(folder: str) -> Counter[str]:
    """Return how many files in and below a folder of images are not read, by their suffix."""
    paths = files.walk(folder)
    stems = {split_suffix(path)[0] for path in paths if _is_image(path)}
    tables = _folders_of_tables(paths)
    chosen = {_chosen_table(home, paths) for home in tables}
    read = (
        path in chosen or _is_image(path) or (_is_beside(path) and split_suffix(path)[0] in stems)
        for path in paths
    )
    return count_suffixes(path for path, is_read in zip(paths, read, strict=True) if not is_read)


def _chosen_table(home: str, paths: Sequence[str]) -> str:
    names = (posixpath.join(home, name) for name in METADATA)
    present = set(paths)
    return next(name for name in names if name in present)


def _is_beside(path: str) -> bool:
    return split_suffix(path)[1] in _BESIDE


def count_suffixes(paths: Iterable[str]) -> Counter[str]:
    """Return how many files have each suffix; ``.tar.gz`` and its like count as one."""
    return Counter(_long_suffix(posixpath.basename(path).lower()) for path in paths)


def _long_suffix(name: str) -> str:
    double = next((ending for ending in _DOUBLE if name.endswith(f".{ending}")), None)
    return f".{double}" if double else posixpath.splitext(name)[1]
