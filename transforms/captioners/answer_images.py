"""Keys with image bytes -> windows of answers, decoded and prepared ahead of the captioner."""

import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TypeVar

from PIL import Image

from ...schemas.fault import Fault
from ..read.decode_image import ImageFaultError, decode_image
from .ask_captioner import Asker, Question, prepare_question
from .captioner import Answer, Model
from .work_ahead import map_ahead, run_ahead

WINDOW = 128
"""The images whose answers are given together, unless a batch is larger."""

MAX_SIDE = 1024
"""Larger images are made smaller before they wait for the captioner, in pixels."""

_DECODING_THREADS = min(16, os.cpu_count() or 1)
_PREPARING_THREADS = 2

Images = Generator[tuple[str, bytes | Fault]]
"""Keys with the bytes of images, or why there are none."""

Decoded = tuple[str, Image.Image | Fault]
_Said = TypeVar("_Said")


def answer_images(
    images: Images, captioner: Model[_Said], window: int = WINDOW
) -> Generator[list[tuple[str, _Said | Answer]]]:
    """Yield the answers to ``images`` in windows, a number of images that follow each other.

    Similar shapes of a window share a call. An image that cannot be decoded has its fault for an
    answer. What is in a window, and what shares a call, depends on the images alone: who goes on
    after some windows asks what would have been asked.
    """
    size = captioner.batch_size
    whole = max(size, window // size * size)
    asker = Asker(captioner)

    def prepare(call: _Call) -> _Call:
        question = prepare_question(call.question.images, captioner)
        return replace(call, question=question) if call.keys else call

    def ask(call: _Call) -> tuple[list[tuple[str, _Said | Answer]], bool]:
        said = asker.ask(call.question) if call.keys else []
        return [*zip(call.keys, said, strict=True), *call.faults], call.ends_window

    def prepared() -> Generator[_Call]:
        with closing(images):
            decoded = map_ahead(_decode, images, _DECODING_THREADS, most=whole)
            with closing(decoded):
                calls = _calls(decoded, whole, size)
                yield from map_ahead(prepare, calls, _PREPARING_THREADS, most=_PREPARING_THREADS)

    calls = captioner.calls
    ready = run_ahead(prepared(), most=calls + 1)
    with closing(ready), closing(map_ahead(ask, ready, calls, most=2 * calls)) as asked:
        answered: list[tuple[str, _Said | Answer]] = []
        for answers, ends_window in asked:
            answered += answers
            if ends_window:
                yield answered
                answered = []


@dataclass(frozen=True, slots=True)
class _Call:
    """Images of one call, and the faults of those that cannot be asked about."""

    keys: tuple[str, ...]
    question: Question
    faults: list[tuple[str, Answer]]
    ends_window: bool


def _calls(decoded: Iterable[Decoded], window: int, size: int) -> Iterator[_Call]:
    usable: list[tuple[str, Image.Image]] = []
    faults: list[tuple[str, Answer]] = []
    for key, image in decoded:
        if isinstance(image, Fault):
            faults.append((key, Answer(None, image)))
        else:
            usable.append((key, image))
        if len(usable) == window:
            yield from _window(usable, faults, size)
            usable, faults = [], []
    if usable or faults:
        yield from _window(usable, faults, size)


def _window(
    usable: list[tuple[str, Image.Image]], faults: list[tuple[str, Answer]], size: int
) -> Iterator[_Call]:
    alike = sorted(usable, key=lambda entry: entry[1].size)
    starts = range(0, max(1, len(alike)), size)
    for start in starts:
        chosen = alike[start : start + size]
        is_last = start == starts[-1]
        keys = tuple(key for key, _ in chosen)
        question = Question([image for _, image in chosen])
        yield _Call(keys, question, faults if is_last else [], is_last)


def _decode(entry: tuple[str, bytes | Fault]) -> Decoded:
    key, content = entry
    try:
        return key, content if isinstance(content, Fault) else decode_image(content, MAX_SIDE)
    except ImageFaultError as error:
        return key, error.fault
