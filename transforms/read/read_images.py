"""Source and keys -> the images of these pairs as bytes, one after the other."""

from collections.abc import Container, Generator
from contextlib import closing, suppress

from ...schemas.fault import Fault
from ...schemas.source import Source
from .payload import Stretch
from .stored_samples import DamagedSourceError, read_stored


def read_images(source: Source, keys: Container[str]) -> Generator[tuple[str, bytes | Fault]]:
    """Yield key and image of each sample whose key is among ``keys``, in the order of the source.

    An image of more than 128 MiB is a fault. Of a damaged archive the images before the damage are
    yielded; ``score`` has reported the damage. Raises EvenpairError if the source cannot be read.
    """
    with suppress(DamagedSourceError), closing(read_stored(source, keys)) as samples:
        for sample in samples:
            image = sample.image
            if isinstance(image, Stretch):
                yield sample.key, Fault.IMAGE_TOO_LARGE
            elif image is not None:
                yield sample.key, bytes(image)
