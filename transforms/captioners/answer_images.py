"""Keys with image bytes -> windows of answers, decoded and prepared ahead of the captioner."""

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TypeVar

from PIL import Image

from ...schemas.fault import Fault
from ..read.decode_image import ImageFaultError, decode_image
from .ask_captioner import Asker, Question, prepare_question
from .captioner import Answer, Model
from .track_record import TrackRecord
from .work_ahead import map_ahead, run_ahead

WINDOW = 128
"""The images of a window, unless a batch is larger."""

MAX_SIDE = 1024
"""Larger images are scaled down to this side, in pixels, before they wait for the captioner."""

_DECODING_THREADS = min(16, os.cpu_count() or 1)
_PREPARING_THREADS = 2

Images = Generator[tuple[str, bytes | Fault]]
"""Keys with the bytes of images, or the faults for which there are none."""

Decoded = tuple[str, Image.Image | Fault]
_Output = TypeVar("_Output")


def answer_images(
    images: Images,
    captioner: Model[_Output],
    window: int = WINDOW,
    record: TrackRecord | None = None,
    keep: Callable[[list[tuple[str, _Output | Answer]]], None] | None = None,
) -> Generator[list[tuple[str, _Output | Answer]]]:
    """Yield the answers to ``images`` in windows of consecutive images.

    Images of a window with similar shapes share a call. The answer for an image that cannot be
    decoded is its fault. Windows and calls depend on the images alone, so a resumed run makes the
    same calls.

    ``keep`` is called with the answers of each call as soon as it has ended, whatever becomes of
    the others, on the thread that made it. ``record`` counts successes and failures.
    """
    batch_size = captioner.batch_size
    window = max(batch_size, window // batch_size * batch_size)
    asker = Asker(captioner, record)

    def prepare(call: _Call) -> _Call:
        question = prepare_question(call.question.images, captioner)
        return replace(call, question=question) if call.keys else call

    def ask(call: _Call) -> tuple[list[tuple[str, _Output | Answer]], bool]:
        outputs = asker.ask(call.question) if call.keys else []
        answers = [*zip(call.keys, outputs, strict=True), *call.faults]
        if keep is not None:
            keep(answers)
        return answers, call.ends_window

    def prepared() -> Generator[_Call]:
        with closing(images):
            decoded = map_ahead(_decode, images, _DECODING_THREADS, most=window)
            with closing(decoded):
                calls = _calls(decoded, window, batch_size)
                yield from map_ahead(prepare, calls, _PREPARING_THREADS, most=_PREPARING_THREADS)

    calls = captioner.calls
    ready = run_ahead(prepared(), most=calls + 1)
    with closing(ready), closing(map_ahead(ask, ready, calls, most=2 * calls)) as results:
        answers: list[tuple[str, _Output | Answer]] = []
        for answers_of_call, ends_window in results:
            answers += answers_of_call
            if ends_window:
                yield answers
                answers = []


@dataclass(frozen=True, slots=True)
class _Call:
    """The images of one call, and the faults of those of its window that have no image."""

    keys: tuple[str, ...]
    question: Question
    faults: list[tuple[str, Answer]]
    ends_window: bool


def _calls(decoded: Iterable[Decoded], window: int, batch_size: int) -> Iterator[_Call]:
    usable: list[tuple[str, Image.Image]] = []
    faults: list[tuple[str, Answer]] = []
    for key, image in decoded:
        if isinstance(image, Fault):
            faults.append((key, Answer(None, image)))
        else:
            usable.append((key, image))
        if len(usable) == window:
            yield from _window(usable, faults, batch_size)
            usable, faults = [], []
    if usable or faults:
        yield from _window(usable, faults, batch_size)


def _window(
    usable: list[tuple[str, Image.Image]], faults: list[tuple[str, Answer]], batch_size: int
) -> Iterator[_Call]:
    by_shape = sorted(usable, key=lambda entry: entry[1].size)
    starts = range(0, max(1, len(by_shape)), batch_size)
    for start in starts:
        batch = by_shape[start : start + batch_size]
        is_last = start == starts[-1]
        keys = tuple(key for key, _ in batch)
        question = Question([image for _, image in batch])
        yield _Call(keys, question, faults if is_last else [], is_last)


def _decode(entry: tuple[str, bytes | Fault]) -> Decoded:
    key, content = entry
    try:
        return key, content if isinstance(content, Fault) else decode_image(content, MAX_SIDE)
    except ImageFaultError as error:
        return key, error.fault
