"""Archive and keys -> the bytes of these pairs' images, one after the other."""

from collections.abc import Collection, Iterator

from ..schemas.sample import first_samples
from ..schemas.tar import Readable


def read_images(archive: Readable, keys: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Yield key and image of each sample of ``archive`` whose key is wanted, in their order there.

    A damaged archive gives the images before the damage; ``score`` has said that there is one.
    """
    for sample in first_samples(archive):
        image = sample.image
        if image is not None and sample.key in keys:
            yield sample.key, archive[image.offset : image.offset + image.size]
