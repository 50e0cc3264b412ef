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
from ..captioners.track_record import TrackRecord
from ..read.read_images import read_images
from .keep_answers import AnswerBuffer, AnswerStore


def caption_images(
    unit: Unit,
    captioner: Captioner,
    store: AnswerStore,
    window: int = WINDOW,
    record: TrackRecord | None = None,
) -> int:
    """Caption the images of the pairs of ``unit`` without an answer of the captioner in ``store``.

    Returns the number of bytes of images that were read. Answers to calls of one image, such as
    those of a service, are kept as they come. Those of a model that is fed with batches are kept in
    whole windows, so that a resumed run has the same batches. An image that the model failed on
    gets no answer, so it is retried on resume.
    """
    record = TrackRecord() if record is None else record
    uids = unasked(unit, store, captioner.captioner_id)
    images = _Weighed(read_images(unit.source, frozenset(uids)))
    seen: set[str] = set()
    is_failed = False
    with AnswerBuffer(store, captioner.captioner_id) as buffer:

        def keep(answers: list[tuple[str, Answer]]) -> None:
            buffer.add(_lasting({uids[key]: answer for key, answer in answers}))

        alone = captioner.batch_size == 1
        answered = answer_images(images.weigh(), captioner, window, record, keep if alone else None)
        with closing(answered) as windows:
            for answers in windows:
                if not alone:
                    keep(answers)
                seen.update(key for key, _ in answers)
                is_failed |= any(answer.fault is Fault.MODEL_FAILED for _, answer in answers)
        missing = Answer(None, Fault.MISSING_IMAGE)
        buffer.add({uid: missing for key, uid in uids.items() if key not in seen})
    if is_failed:
        store.keep_failure(record.last_error)
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


@dataclass(frozen=True, slots=True)
class Asked:
    """The captioner that is asked, and when to stop asking it."""

    load: LoadCaptioner
    captioner_id: CaptionerId
    max_fault_share: float = 0.0
    """The share of failures that ends the work, if they are in a row (TrackRecord)."""
    answered: int = 0
    """The images of finished sources."""


class CaptionerDoFn(beam.DoFn):
    """A DoFn with a captioner, which each worker loads once, when it first needs it."""

    def __init__(self, run_dir: RunDirectory, asked: Asked) -> None:
        self._run_dir = run_dir
        self._asked = asked
        self._shared = Shared()

    def setup(self) -> None:
        self._record = TrackRecord(self._asked.max_fault_share, self._asked.answered)

    def _has_unasked(self, unit: Unit, store: AnswerStore) -> bool:
        """Return whether pairs of ``unit`` have no answer yet; the others count as answered."""
        left = len(unasked(unit, store, self._asked.captioner_id))
        self._record.known(unit.table.num_rows - left)
        return left > 0


class _Caption(CaptionerDoFn):
    def process(self, unit: Unit) -> Iterator[Source]:
        store = AnswerStore(self._run_dir, unit.source.name)
        if self._has_unasked(unit, store):  # only then: loading takes long
            captioner = self._shared.acquire(self._asked.load)
            self._captioner = captioner  # Shared keeps only weak references
            caption_images(unit, captioner, store, record=self._record)
        yield unit.source


@dataclass
class CaptionImages(beam.PTransform):
    """Unit of pairs -> Source; a worker loads the captioner when it has pairs without an answer."""

    run_dir: RunDirectory
    asked: Asked

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Caption(self.run_dir, self.asked))
