"""img2dataset's writer of samples -> the same, in the order of keys rather than of downloads."""

import tempfile
from typing import Any, NamedTuple


class _Waiting(NamedTuple):
    key: str
    offset: int
    size: int | None
    """How many bytes the image has, None where there is none."""
    caption: Any
    meta: dict[str, Any]


def in_key_order(writer: type[Any]) -> type[Any]:
    """Return a class that img2dataset can use as it uses ``writer``, one that is its own.

    The images wait in a file without a name. Archives get no times: what servers answered is all
    that their bytes depend on.
    """

    class InKeyOrder(writer):
        def __init__(self, number: int, folder: str, *more: Any) -> None:
            super().__init__(number, folder, *more)
            if hasattr(self, "tarwriter"):
                self.tarwriter.mtime = 0
            self._waiting: list[_Waiting] = []
            self._images = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - until it is closed

        def write(
            self, img_str: bytes | None, key: str, caption: object, meta: dict[str, Any]
        ) -> None:
            offset, size = self._images.tell(), None if img_str is None else len(img_str)
            self._images.write(img_str or b"")
            self._waiting.append(_Waiting(key, offset, size, caption, meta))

        def close(self) -> None:
            with self._images:
                for sample in sorted(self._waiting):
                    self._images.seek(sample.offset)
                    image = None if sample.size is None else self._images.read(sample.size)
                    super().write(image, sample.key, sample.caption, sample.meta)
            super().close()

    return InKeyOrder
