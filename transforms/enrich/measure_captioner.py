"""Unit of pairs to caption -> the cost of captioning them; the answers are kept."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import apache_beam as beam
from PIL import Image

from ...schemas.run_directory import RunDirectory
from ...schemas.unit import Unit
from ...storage import files
from ..captioners.ask_captioner import Asker, prepare_question
from ..captioners.captioner import Captioner
from ..captioners.track_record import TrackRecord
from .caption_images import Asked, CaptionerDoFn, caption_images, unasked
from .keep_answers import AnswerStore

_WARM_UP = (64, 64)


@dataclass(frozen=True, slots=True)
class CaptioningCost:
    """The captioned images, the seconds that they took, and their size in bytes."""

    images: int = 0
    seconds: float = 0.0
    bytes: int = 0
    device: str = ""
    """The captioner's device, as torch names it, or ``service``."""


def measure_captioner(
    unit: Unit, captioner: Captioner, store: AnswerStore, record: TrackRecord | None = None
) -> CaptioningCost:
    """Caption the pairs of ``unit`` as a whole run does, and return the cost."""
    images = len(unasked(unit, store, captioner.captioner_id))
    start = time.perf_counter()
    size = caption_images(unit, captioner, store, record=record)
    return CaptioningCost(images, time.perf_counter() - start, size, captioner.device)


def add_up(costs: Iterable[CaptioningCost]) -> CaptioningCost:
    """Return the sum of ``costs``."""
    costs = list(costs)
    images, seconds = sum(c.images for c in costs), sum(c.seconds for c in costs)
    device = min((c.device for c in costs), default="")
    return CaptioningCost(images, seconds, sum(c.bytes for c in costs), device)


def keep_cost(costs: Iterable[CaptioningCost], path: str) -> str:
    """Write the sum of ``costs`` to ``path`` as JSON, and return the path."""
    files.write_bytes(path, json.dumps(asdict(add_up(costs))).encode())
    return path


class _Measure(CaptionerDoFn):
    def process(self, unit: Unit) -> Iterator[CaptioningCost]:
        store = AnswerStore(self._run_dir, unit.source.name)
        if self._has_unasked(unit, store):
            captioner = self._shared.acquire(self._warm)
            self._captioner = captioner  # Shared keeps only weak references
            yield measure_captioner(unit, captioner, store, self._record)

    def _warm(self) -> Captioner:
        """Load the captioner and caption one image, so that the first call is not measured."""
        captioner = self._asked.load()
        Asker(captioner).ask(prepare_question([Image.new("RGB", _WARM_UP)], captioner))
        return captioner


@dataclass
class MeasureCaptioner(beam.PTransform):
    """Unit of pairs -> the path of a JSON file with the cost of captioning all of them."""

    run_dir: RunDirectory
    asked: Asked
    path: str

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Measure" >> beam.ParDo(_Measure(self.run_dir, self.asked))
            | "Gather" >> beam.combiners.ToList()
            | "Keep" >> beam.Map(keep_cost, self.path)
        )
