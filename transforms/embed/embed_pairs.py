"""Source -> Source, with the vectors of its images and captions kept in the run directory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.utils.shared import Shared

from ...schemas.fault import Fault
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...storage import files, parquet
from ..captioners.answer_images import WINDOW, answer_images
from ..captioners.ask_captioner import Asker, prepare_question
from ..captioners.captioner import Answer
from ..read.read_images import read_images
from .encoder import Encoder, EncoderId, LoadEncoder, Modality, Vector
from .keep_vectors import PairVectors, VectorStore, vectors_in

_ROWS = 1024


@dataclass(frozen=True, slots=True)
class PairToEncode:
    """A pair and the captions that are encoded; None for an empty one."""

    uid: str
    key: str
    raw: str | None = None
    generated: str | None = None


def pairs_to_encode(
    source: Source, run_dir: RunDirectory, modality: Modality
) -> list[PairToEncode]:
    """Return the pairs of ``source`` that are encoded, each uid once.

    For similarity these are the pairs that have a row in the captions, for soft targets all pairs.
    """
    path = run_dir.table(RunTable.SCORES, source.name)
    scores = parquet.read_table(path, ["uid", "key", "caption"])
    generated = _generated_captions(source, run_dir)
    columns = (scores[name].to_pylist() for name in scores.column_names)
    pairs: dict[str, PairToEncode] = {}
    for uid, key, raw in zip(*columns, strict=True):
        if modality is Modality.IMAGES:
            pairs.setdefault(uid, PairToEncode(uid, key))
        elif modality is Modality.TEXTS or uid in generated:
            captions = _none_if_blank(raw), _none_if_blank(generated.get(uid))
            pairs.setdefault(uid, PairToEncode(uid, key, *captions))
    return list(pairs.values())


def _generated_captions(source: Source, run_dir: RunDirectory) -> dict[str, str | None]:
    path = run_dir.table(RunTable.CAPTIONS, source.name)
    if not files.exists(path):
        return {}
    captions = parquet.read_table(path, ["uid", "caption"])
    return dict(zip(*(captions[name].to_pylist() for name in ("uid", "caption")), strict=True))


def _none_if_blank(caption: str | None) -> str | None:
    return caption if caption and not caption.isspace() else None


def embed_pairs(
    source: Source,
    pairs: Iterable[PairToEncode],
    load: LoadEncoder,
    store: VectorStore,
    window: int = WINDOW,
) -> None:
    """Encode those of ``pairs`` that have no row in ``store``, and keep their vectors there.

    Rows are kept after every ``window`` images. An image that cannot be decoded has no vector; one
    that the model fails on gets no row, so it is retried on resume. Captions and images that have a
    vector of this encoder are not encoded again.
    """
    known = store.load()
    names = ("uid", "caption_raw", "caption_generated")
    rows = set(zip(*(known[name].to_pylist() for name in names), strict=True))
    missing = [pair for pair in pairs if (pair.uid, pair.raw, pair.generated) not in rows]
    if not missing:
        return
    encoder = load()
    texts = _Texts(encoder, known) if store.encoder_id.reads_texts else None
    for batch in _with_image_vectors(source, missing, encoder, known, window):
        store.add(_with_text_vectors(batch, texts))


_ImageVectors = list[tuple[PairToEncode, Vector | None]]


def _with_text_vectors(batch: _ImageVectors, texts: "_Texts | None") -> list[PairVectors]:
    captions = [text for pair, _ in batch for text in (pair.raw, pair.generated) if text]
    vectors = texts.vectors(captions) if texts else {}
    return [
        PairVectors(
            *(pair.uid, pair.raw, pair.generated, image),
            vectors.get(pair.raw or ""),
            vectors.get(pair.generated or ""),
        )
        for pair, image in batch
    ]


def _with_image_vectors(
    source: Source,
    pairs: Sequence[PairToEncode],
    encoder: Encoder,
    known: pa.Table,
    window: int,
) -> Iterator[_ImageVectors]:
    """Yield the pairs with the vectors of their images, window by window.

    Pairs whose image has to be encoded come first, in the order of the source, so a resumed run
    encodes the same windows. Then come pairs whose image has a vector already, or is missing.
    """
    if not encoder.encoder_id.reads_images:
        yield from _in_batches([(pair, None) for pair in pairs])
        return
    vectors = dict(zip(known["uid"].to_pylist(), vectors_in(known["image"]), strict=True))
    waiting = {pair.key: pair for pair in pairs if pair.uid not in vectors}
    images = read_images(source, frozenset(waiting))
    with closing(answer_images(images, _Images(encoder), window)) as windows:
        for outputs in windows:
            batch = [(waiting.pop(key), output) for key, output in outputs]
            yield [(pair, _vector(output)) for pair, output in batch if not _is_failure(output)]
    encoded = {pair.uid: pair for pair in pairs if pair.uid in vectors}
    missing = {pair.uid: pair for pair in waiting.values()}
    rest = (encoded | missing).values()
    yield from _in_batches([(pair, vectors.get(pair.uid)) for pair in rest])


def _in_batches(pairs: _ImageVectors) -> Iterator[_ImageVectors]:
    for start in range(0, len(pairs), _ROWS):
        yield pairs[start : start + _ROWS]


def _vector(output: Vector | Answer) -> Vector | None:
    return None if isinstance(output, Answer) else output


def _is_failure(output: Vector | Answer) -> bool:
    return isinstance(output, Answer) and output.fault is Fault.MODEL_FAILED


class _Images:
    """An encoder of images, with the interface of a captioner."""

    calls = 1

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.encoder_id.model
        self.batch_size = encoder.batch_size
        self.prepare = encoder.prepare
        self.caption = encoder.encode_images


class _Texts:
    """An encoder of texts, with the interface of a captioner, and the vectors that it made."""

    calls = 1

    def __init__(self, encoder: Encoder, known: pa.Table) -> None:
        self.name = encoder.encoder_id.model
        self.batch_size = encoder.batch_size
        self.caption: Callable[[Any], list[Vector]] = encoder.encode_texts
        self._asker: Asker[Vector] = Asker(self)
        self._vectors: dict[str, Vector] = {}
        for caption, vector in (("caption_raw", "text"), ("caption_generated", "text_generated")):
            rows = zip(known[caption].to_pylist(), vectors_in(known[vector]), strict=True)
            self._vectors |= {text: v for text, v in rows if text is not None and v is not None}

    def prepare(self, texts: Sequence[str]) -> Sequence[str]:
        """Return ``texts``."""
        return texts

    def vectors(self, texts: Sequence[str]) -> dict[str, Vector]:
        """Return vectors by text, those of ``texts`` among them unless the model fails on one."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        for start in range(0, len(new), self.batch_size):
            batch = new[start : start + self.batch_size]
            outputs = self._asker.ask(prepare_question(batch, self))
            rows = zip(batch, outputs, strict=True)
            self._vectors |= {text: v for text, v in rows if not isinstance(v, Answer)}
        return self._vectors


class _Embed(beam.DoFn):
    def __init__(self, run_dir: RunDirectory, load: LoadEncoder, encoder_id: EncoderId) -> None:
        self._run_dir = run_dir
        self._load = load
        self._encoder_id = encoder_id
        self._shared = Shared()

    def process(self, source: Source) -> Iterator[Source]:
        store = VectorStore(self._run_dir, source.name, self._encoder_id)
        pairs = pairs_to_encode(source, self._run_dir, self._encoder_id.encodes)
        embed_pairs(source, pairs, self._acquire, store)
        yield source

    def _acquire(self) -> Encoder:
        encoder: Encoder = self._shared.acquire(self._load)
        self._encoder = encoder  # a reference, so that it stays loaded
        return encoder


@dataclass
class EmbedPairs(beam.PTransform):
    """Source -> Source, with an encoder that a worker loads when it has pairs to encode."""

    run_dir: RunDirectory
    load: LoadEncoder
    encoder_id: EncoderId

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        return sources | beam.ParDo(_Embed(self.run_dir, self.load, self.encoder_id))
