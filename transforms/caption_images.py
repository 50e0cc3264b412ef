"""Unit of pairs to caption -> Unit of captions, each with the fault that it has."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from ..schemas.fault import Fault
from ..schemas.run_directory import RunDirectory
from ..schemas.tables import CAPTIONS
from ..schemas.unit import Unit
from . import storage
from .captioner import Captioner, LoadCaptioner, is_out_of_memory
from .decode_image import ImageFaultError, decode_image
from .read_images import read_images

_DECODING_THREADS = 2

Decoded = tuple[str, Image.Image | Fault]
Answer = tuple[str | None, Fault | None]


def caption_images(unit: Unit, captioner: Captioner, batch_size: int) -> Unit:
    """Caption every pair of ``unit``; a pair that cannot be captioned has a fault instead.

    Only the facts, the parts and the information are still null in the table that comes back.
    """
    keys = unit.table["key"].to_pylist()
    answers: dict[str, Answer] = dict.fromkeys(keys, (None, Fault.MISSING_IMAGE))
    with storage.open_blocks(unit.source.path) as archive:
        for batch in _batches(_decode_ahead(read_images(archive, set(keys))), batch_size):
            answers.update(_caption_batch(batch, captioner))
    return _unit_of_answers(unit, [answers[key] for key in keys], captioner)


def caption_or_split(images: Sequence[Image.Image], captioner: Captioner) -> list[Answer]:
    """Caption ``images``; a batch that is too large for the device is halved until it fits."""
    try:
        return [(caption, None) for caption in captioner.caption(images)]
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        if len(images) == 1:
            return [(None, Fault.MODEL_FAILED)]
    half = len(images) // 2
    return caption_or_split(images[:half], captioner) + caption_or_split(images[half:], captioner)


def _caption_batch(batch: Sequence[Decoded], captioner: Captioner) -> Iterator[tuple[str, Answer]]:
    usable = [(key, image) for key, image in batch if not isinstance(image, Fault)]
    yield from ((key, (None, fault)) for key, fault in batch if isinstance(fault, Fault))
    if usable:
        keys, images = zip(*usable, strict=True)
        yield from zip(keys, caption_or_split(images, captioner), strict=True)


def _decode_ahead(images: Iterable[tuple[str, bytes]]) -> Iterator[Decoded]:
    """Decode on other threads, a bounded number of images ahead of the model."""
    with ThreadPoolExecutor(_DECODING_THREADS) as threads:
        waiting = []
        for image in images:
            waiting.append(threads.submit(_decode, *image))
            if len(waiting) > 64:
                yield waiting.pop(0).result()
        yield from (future.result() for future in waiting)


def _decode(key: str, content: bytes) -> Decoded:
    try:
        return key, decode_image(content)
    except ImageFaultError as error:
        return key, error.fault


def _batches(images: Iterator[Decoded], size: int) -> Iterator[list[Decoded]]:
    while batch := list(islice(images, size)):
        yield batch


def _unit_of_answers(unit: Unit, answers: Sequence[Answer], captioner: Captioner) -> Unit:
    rows = len(answers)
    columns = {
        **{name: unit.table[name] for name in ("uid", "shard", "key")},
        "model": pa.array([captioner.model] * rows, pa.string()),
        "revision": pa.array([captioner.revision] * rows, pa.string()),
        "prompt": pa.array([captioner.prompt] * rows, pa.string()),
        "caption": pa.array([caption for caption, _ in answers], pa.string()),
        "fault": pa.array([fault and fault.value for _, fault in answers], pa.string()),
    }
    arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in CAPTIONS]
    return Unit(unit.source, pa.table(arrays, schema=CAPTIONS), unit.tally)


def known_captions(path: str, captioner: Captioner) -> pa.Table:
    """Return the captions at ``path`` that ``captioner`` would only repeat."""
    if not storage.exists(path):
        return CAPTIONS.empty_table()
    table = storage.read_table(path).replace_schema_metadata(None)
    same = pc.and_(
        pc.equal(table["model"], captioner.model),
        pc.and_(
            pc.equal(table["revision"], captioner.revision),
            pc.equal(table["prompt"], captioner.prompt),
        ),
    )
    return table.filter(same)


def caption_unknown(unit: Unit, known: pa.Table, captioner: Captioner, batch_size: int) -> Unit:
    """Caption the pairs of ``unit`` that are not in ``known``; return the captions of both."""
    unknown = pc.invert(pc.is_in(unit.table["uid"], known["uid"].combine_chunks()))
    fresh = caption_images(unit.only(unknown), captioner, batch_size)
    return replace(fresh, table=pa.concat_tables([known, fresh.table]))


class _Caption(beam.DoFn):
    def __init__(self, run: RunDirectory, load: LoadCaptioner, batch_size: int) -> None:
        self._run = run
        self._load = load
        self._batch_size = batch_size

    def setup(self) -> None:
        self._captioner = self._load()

    def process(self, unit: Unit) -> Iterator[Unit]:
        path = self._run.table("captions", unit.source.name)
        known = known_captions(path, self._captioner)
        yield caption_unknown(unit, known, self._captioner, self._batch_size)


@dataclass
class CaptionImages(beam.PTransform):
    """Unit of pairs -> Unit of captions, by a captioner that each worker loads once."""

    run: RunDirectory
    load: LoadCaptioner
    batch_size: int

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Caption(self.run, self.load, self.batch_size))
