"""Unit of pairs to caption -> Source; the captioner's answers are kept as they come."""

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
from ..captioners.captioner import Answer, Captioner, CaptionerId, LoadCaptioner
from ..read.read_images import read_images
from .keep_answers import AnswerStore


def caption_images(
    unit: Unit, captioner: Captioner, store: AnswerStore, window: int = WINDOW
) -> int:
    """Caption the images of the pairs of ``unit`` without an answer of the captioner in ``store``.

    Returns the number of bytes of images that were read. Answers are kept window by window. An
    image that the model failed on gets no answer, so it is retried on resume.
    """
    uids = unasked(unit, store, captioner.captioner_id)
    images = _Weighed(read_images(unit.source, frozenset(uids)))
    with closing(answer_images(images.weigh(), captioner, window)) as windows:
        for answers in windows:
            by_uid = {uids.pop(key): answer for key, answer in answers}
            store.add(_lasting(by_uid), captioner.captioner_id)
    if uids:
        missing = Answer(None, Fault.MISSING_IMAGE)
        store.add(dict.fromkeys(uids.values(), missing), captioner.captioner_id)
    store.settle()
    return images.bytes


class _Weighed:
    """Images, and the sum of their bytes so far."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self.bytes = 0

    def weigh(self) -> Images:
        with closing(self._images):
            for key, image in self._images:
                self.bytes += len(image) if isinstance(image, bytes) else 0
                yield key, image


def unasked(unit: Unit, store: AnswerStore, captioner_id: CaptionerId) -> dict[str, str]:
    """Return key and uid of the pairs that have no answer of the captioner, in order.

    Of several pairs with one uid only the first is among them.
    """
    known = store.load(captioner_id)["uid"].combine_chunks()
    table = unit.table.filter(pc.invert(pc.is_in(unit.table["uid"], known)))
    rows = zip(table["key"].to_pylist(), table["uid"].to_pylist(), strict=True)
    keys: dict[str, str] = {}
    for key, uid in rows:
        keys.setdefault(uid, key)
    return {key: uid for uid, key in keys.items()}


def _lasting(answers: dict[str, Answer]) -> dict[str, Answer]:
    return {
        uid: answer for uid, answer in answers.items() if answer.fault is not Fault.MODEL_FAILED
    }


class CaptionerDoFn(beam.DoFn):
    """A DoFn with a captioner, which each worker loads once, when it first needs it."""

    def __init__(
        self, run_dir: RunDirectory, load: LoadCaptioner, captioner_id: CaptionerId
    ) -> None:
        self._run_dir = run_dir
        self._load = load
        self._captioner_id = captioner_id
        self._shared = Shared()


class _Caption(CaptionerDoFn):
    def process(self, unit: Unit) -> Iterator[Source]:
        store = AnswerStore(self._run_dir, unit.source.name)
        if unasked(unit, store, self._captioner_id):  # only then: loading takes long
            self._captioner = self._shared.acquire(self._load)  # Shared keeps only weak references
            caption_images(unit, self._captioner, store)
        yield unit.source


@dataclass
class CaptionImages(beam.PTransform):
    """Unit of pairs -> Source; a worker loads the captioner when it has pairs without an answer."""

    run_dir: RunDirectory
    load: LoadCaptioner
    captioner_id: CaptionerId

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Caption(self.run_dir, self.load, self.captioner_id))
