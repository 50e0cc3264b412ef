"""Source and keys -> the bytes of these pairs' images, one after the other."""

from collections.abc import Container, Generator
from contextlib import closing

from ...schemas.fault import Fault
from ...schemas.source import Source
from .stored_samples import Stretch, read_stored


def read_images(source: Source, wanted: Container[str]) -> Generator[tuple[str, bytes | Fault]]:
    """Yield key and image of each sample whose key is wanted, in the order of the source.

    An image too large to be held in memory is a fault. A damaged archive gives the images before
    the damage; ``score`` has said that there is one. Raises EvenpairError for a source that cannot
    be read any more.
    """
    with closing(read_stored(source, wanted)) as samples:
        for sample in samples:
            image = sample.image
            if isinstance(image, Stretch):
                yield sample.key, Fault.IMAGE_TOO_LARGE
            elif image is not None:
                yield sample.key, bytes(image)
