"""Folder of images and keys -> the images of these keys as samples, in the order of their paths."""

from collections.abc import Container, Iterator

from ...schemas.errors import EvenpairError
from ...schemas.sample import Sample
from ...schemas.source import Source
from .check_image import SMALLEST, image_field
from .image_folder import list_images
from .json_values import as_json
from .payload import OutsideError, StoredSample, Stretch, file_below, read_file
from .read_folder import MetadataError, rows_by_image
from .read_samples import parse_json


def read_images_below(source: Source, keys: Container[str]) -> Iterator[StoredSample]:
    """Yield the images of a folder with their JSON: the one beside them, with their row's fields.

    Raises EvenpairError if the table of images cannot be read.
    """
    folder = list_images(source.path)
    try:
        rows, _ = rows_by_image(source.path, folder)
    except MetadataError as error:
        raise EvenpairError(f"{source.path}{folder.metadata}: {error}") from error
    for key, path in folder.images.items():
        if key in keys:
            yield _sample(source, key, path, rows.get(path, {}), folder.beside[path].get("json"))


def _sample(
    source: Source, key: str, path: str, row: dict[str, object], json_path: str | None
) -> StoredSample:
    sample: StoredSample = Sample(key)
    try:
        image = read_file(file_below(source.path, path))
        start = b"" if isinstance(image, Stretch) else bytes(image[:SMALLEST])
        sample.members[image_field(start)] = image
    except OutsideError as error:
        sample.missing = str(error)
    own = _json_beside(source.path, json_path)
    if row:
        own = as_json((parse_json(own or b"{}") or {}) | row)
    if own is not None:
        sample.members["json"] = own
    return sample


def _json_beside(folder: str, path: str | None) -> bytes | None:
    """Return the JSON beside an image, None if there is no object in it."""
    if path is None:
        return None
    try:
        content = read_file(file_below(folder, path))
    except OutsideError:
        return None
    return content if isinstance(content, bytes) and parse_json(content) is not None else None
