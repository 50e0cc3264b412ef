"""img2dataset, imported when it is needed and without what it brings along and nobody asked for."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType

from ...schemas.errors import UsageError
from ..read.decode_image import MAX_PIXELS

_INSTALL = "downloading needs the download extra: pip install 'evenpair[download]'"
_UNUSED = {"torch": None, "wandb": ModuleType("wandb")}
"""webdataset takes torch for its loaders, img2dataset wandb for its logs: seconds, and no use."""


def require_img2dataset() -> None:
    """Raise UsageError where img2dataset is not installed; it is not imported yet."""
    if find_spec("img2dataset") is None:
        raise UsageError(_INSTALL)


def load_img2dataset() -> ModuleType:
    """Return the package with all its modules. Raises UsageError where they cannot be imported."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask pypi.org
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))
    try:
        with _without_unused(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import img2dataset.main
    except ImportError as error:
        raise UsageError(f"{_INSTALL} (img2dataset cannot be imported: {error})") from error
    package: ModuleType = img2dataset
    return package


@contextmanager
def _without_unused() -> Iterator[None]:
    """Let img2dataset be imported without these, which others may import before or after."""
    missing = [name for name in _UNUSED if name not in sys.modules]
    sys.modules.update({name: _UNUSED[name] for name in missing})  # type: ignore[misc]
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]
