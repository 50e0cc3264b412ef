"""Unit of pairs to caption -> what it took to caption them, beside the answers that are kept."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import apache_beam as beam
from apache_beam.utils.shared import Shared
from PIL import Image

from ...schemas.run_directory import RunDirectory
from ...schemas.unit import Unit
from ...storage import files
from ..captioners.ask_captioner import Asker, prepare_question
from ..captioners.captioner import Asked, Captioner, LoadCaptioner
from .caption_images import caption_images, unasked
from .keep_answers import AnswerStore

_WARM_UP = (64, 64)


@dataclass(frozen=True, slots=True)
class Took:
    """Images that were captioned, the seconds from the first to the last, and their bytes."""

    images: int = 0
    seconds: float = 0.0
    bytes: int = 0
    device: str = ""


def measure_captioner(unit: Unit, captioner: Captioner, store: AnswerStore) -> Took:
    """Caption the pairs of ``unit`` as the whole would be, and return what that took."""
    images = len(unasked(unit, store, captioner.asked))
    begun = time.perf_counter()
    read = caption_images(unit, captioner, store)
    return Took(images, time.perf_counter() - begun, read, captioner.device)


def add_up(parts: Iterable[Took]) -> Took:
    """Return what all parts took together."""
    parts = list(parts)
    images, seconds = sum(p.images for p in parts), sum(p.seconds for p in parts)
    device = min((p.device for p in parts), default="")
    return Took(images, seconds, sum(p.bytes for p in parts), device)


def keep_took(parts: Iterable[Took], path: str) -> str:
    """Write what all parts took together to ``path`` as JSON."""
    files.write_bytes(path, json.dumps(asdict(add_up(parts))).encode())
    return path


class _Measure(beam.DoFn):
    def __init__(self, run_dir: RunDirectory, load: LoadCaptioner, asked: Asked) -> None:
        self._run_dir = run_dir
        self._load = load
        self._asked = asked
        self._shared = Shared()

    def process(self, unit: Unit) -> Iterator[Took]:
        store = AnswerStore(self._run_dir, unit.source.name)
        if unasked(unit, store, self._asked):
            self._captioner = self._shared.acquire(self._warm)  # kept alive by being held
            yield measure_captioner(unit, self._captioner, store)

    def _warm(self) -> Captioner:
        """Load the captioner and ask it once: what only the first question takes is left out."""
        captioner = self._load()
        Asker(captioner).ask(prepare_question([Image.new("RGB", _WARM_UP)], captioner))
        return captioner


@dataclass
class MeasureCaptioner(beam.PTransform):
    """Unit of pairs -> the path of what it took to caption all of them, as JSON."""

    run_dir: RunDirectory
    load: LoadCaptioner
    asked: Asked
    path: str

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return (
            units
            | "Measure" >> beam.ParDo(_Measure(self.run_dir, self.load, self.asked))
            | "Gather" >> beam.combiners.ToList()
            | "Keep" >> beam.Map(keep_took, self.path)
        )
