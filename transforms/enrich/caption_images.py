"""Unit of pairs to caption -> Source, what the captioner answers kept as it comes."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import apache_beam as beam
import pyarrow.compute as pc
from apache_beam.utils.shared import Shared

from ...schemas.fault import Fault
from ...schemas.run_directory import RunDirectory
from ...schemas.source import Source
from ...schemas.unit import Unit
from ..captioners.answer_images import WINDOW, Images, answer_images
from ..captioners.captioner import Answer, Asked, Captioner, LoadCaptioner
from ..read.read_images import read_images
from .keep_answers import AnswerStore


def caption_images(
    unit: Unit, captioner: Captioner, store: AnswerStore, window: int = WINDOW
) -> int:
    """Ask ``captioner`` about every pair of ``unit`` that ``store`` has no answer of its for.

    Returns how many bytes of images were read. The answers are kept window by window. A model that
    failed on an image has not answered: who comes back asks again.
    """
    todo = unasked(unit, store, captioner.asked)
    images = _Weighed(read_images(unit.source, frozenset(todo)))
    with closing(answer_images(images.weigh(), captioner, window)) as windows:
        for answered in windows:
            kept = {todo.pop(key): answer for key, answer in answered}
            store.add(_lasting(kept), captioner.asked)
    if todo:
        missing = Answer(None, Fault.MISSING_IMAGE)
        store.add(dict.fromkeys(todo.values(), missing), captioner.asked)
    store.settle()
    return images.bytes


class _Weighed:
    """Images, and the bytes of those that were given."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self.bytes = 0

    def weigh(self) -> Images:
        with closing(self._images):
            for key, image in self._images:
                self.bytes += len(image) if isinstance(image, bytes) else 0
                yield key, image


def unasked(unit: Unit, store: AnswerStore, asked: Asked) -> dict[str, str]:
    """Return key and uid of the pairs that ``asked`` has not answered for, in order.

    Of several pairs with one uid the first stands for all.
    """
    known = store.load(asked)["uid"].combine_chunks()
    table = unit.table.filter(pc.invert(pc.is_in(unit.table["uid"], known)))
    rows = zip(table["key"].to_pylist(), table["uid"].to_pylist(), strict=True)
    first: dict[str, str] = {}
    for key, uid in rows:
        first.setdefault(uid, key)
    return {key: uid for uid, key in first.items()}


def _lasting(answers: dict[str, Answer]) -> dict[str, Answer]:
    return {
        uid: answer for uid, answer in answers.items() if answer.fault is not Fault.MODEL_FAILED
    }


class _Caption(beam.DoFn):
    def __init__(self, run_dir: RunDirectory, load: LoadCaptioner, asked: Asked) -> None:
        self._run_dir = run_dir
        self._load = load
        self._asked = asked
        self._shared = Shared()

    def process(self, unit: Unit) -> Iterator[Source]:
        store = AnswerStore(self._run_dir, unit.source.name)
        if unasked(unit, store, self._asked):  # only then, for many workers may have nothing to ask
            self._captioner = self._shared.acquire(self._load)  # kept alive by being held
            caption_images(unit, self._captioner, store)
        yield unit.source


@dataclass
class CaptionImages(beam.PTransform):
    """Unit of pairs -> Source, by a captioner that a worker loads when it has something to ask."""

    run_dir: RunDirectory
    load: LoadCaptioner
    asked: Asked

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Caption(self.run_dir, self.load, self.asked))
