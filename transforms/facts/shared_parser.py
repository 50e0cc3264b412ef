"""A spaCy pipeline for all stages of a process: loaded once, used by one of them at a time.

An engine may have many bundles of a stage at work on threads of one process. A pipeline is too
large to be loaded for each, and its string store is not made for two at once.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from apache_beam.utils.shared import Shared

from ...models.load_parser import load_parser

if TYPE_CHECKING:
    from spacy.language import Language


class _Loaded:
    """What the stages of a process share."""

    def __init__(self, name: str | None) -> None:
        self.nlp = load_parser(name)
        self.lock = threading.Lock()


class SharedParser:
    """The shipped parser or another spaCy pipeline; its copies on a worker are one."""

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._shared = Shared()
        self._loaded: _Loaded | None = None

    def load(self) -> None:
        """Load the pipeline, if no other stage of this process has, and hold it."""
        self._loaded = self._acquire()

    @contextmanager
    def use(self) -> Iterator["Language"]:
        """Give the pipeline, when nobody else is using it."""
        loaded = self._loaded or self._acquire()
        with loaded.lock:
            yield loaded.nlp

    def _acquire(self) -> _Loaded:
        loaded: _Loaded = self._shared.acquire(lambda: _Loaded(self._name))
        return loaded
