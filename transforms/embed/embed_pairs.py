"""Source -> the same, the vectors of its images and captions kept as an encoder makes them."""

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
from ...storage import files
from ..captioners.answer_images import WINDOW, answer_images
from ..captioners.ask_captioner import Asker, prepare_question
from ..captioners.captioner import Answer, Asked
from ..read.read_images import read_images
from .encoder import EncodedBy, Encoder, Encodes, LoadEncoder, Vector
from .keep_vectors import Encoded, VectorStore, vectors_in

_ROWS = 1024


@dataclass(frozen=True, slots=True)
class ToEncode:
    """A pair of which vectors are wanted."""

    uid: str
    key: str
    raw: str | None = None
    generated: str | None = None


def pairs_to_encode(source: Source, run_dir: RunDirectory, encodes: Encodes) -> list[ToEncode]:
    """Return the pairs of ``source`` that are encoded, each uid once.

    Similarity is wanted of those with a row among the captions, and of no others; soft targets
    compare all pairs with each other. What is not encoded is left out.
    """
    scores = files.read_table(
        run_dir.table(RunTable.SCORES, source.name), ["uid", "key", "caption"]
    )
    generated = _generated(source, run_dir)
    columns = (scores[name].to_pylist() for name in scores.column_names)
    first: dict[str, ToEncode] = {}
    for uid, key, raw in zip(*columns, strict=True):
        if encodes is Encodes.IMAGES:
            first.setdefault(uid, ToEncode(uid, key))
        elif encodes is Encodes.TEXTS or uid in generated:
            said = _said(raw), _said(generated.get(uid))
            first.setdefault(uid, ToEncode(uid, key, *said))
    return list(first.values())


def _generated(source: Source, run_dir: RunDirectory) -> dict[str, str | None]:
    path = run_dir.table(RunTable.CAPTIONS, source.name)
    if not files.exists(path):
        return {}
    captions = files.read_table(path, ["uid", "caption"])
    return dict(zip(*(captions[name].to_pylist() for name in ("uid", "caption")), strict=True))


def _said(caption: str | None) -> str | None:
    return caption if caption and not caption.isspace() else None


def embed_pairs(
    source: Source,
    pairs: Iterable[ToEncode],
    load: LoadEncoder,
    store: VectorStore,
    window: int = WINDOW,
) -> None:
    """Encode every one of ``pairs`` that ``store`` has no row of; nothing is encoded twice.

    The vectors are kept window by window. An image that cannot be decoded has none; one that the
    encoder failed on is asked about again by who comes back.
    """
    known = store.load()
    names = ("uid", "caption_raw", "caption_generated")
    rows = set(zip(*(known[name].to_pylist() for name in names), strict=True))
    todo = [pair for pair in pairs if (pair.uid, pair.raw, pair.generated) not in rows]
    if not todo:
        return
    encoder = load()
    texts = _Texts(encoder, known) if store.by.reads_texts else None
    for part in _with_images(source, todo, encoder, known, window):
        _keep(part, texts, store)


_WithImage = list[tuple[ToEncode, Vector | None]]


def _keep(part: _WithImage, texts: "_Texts | None", store: VectorStore) -> None:
    said = [text for pair, _ in part for text in (pair.raw, pair.generated) if text]
    vectors = texts.vectors(said) if texts else {}
    encoded = [
        Encoded(
            *(pair.uid, pair.raw, pair.generated, image),
            vectors.get(pair.raw or ""),
            vectors.get(pair.generated or ""),
        )
        for pair, image in part
    ]
    store.add(encoded)


def _with_images(
    source: Source, todo: Sequence[ToEncode], encoder: Encoder, known: pa.Table, window: int
) -> Iterator[_WithImage]:
    """Yield the pairs with the vectors of their images, window by window.

    First those whose image is new, in the order of the source, so that who goes on after a kill
    encodes what would have been encoded; then those that need no image, or have none.
    """
    if not encoder.by.reads_images:
        yield from _in_parts([(pair, None) for pair in todo])
        return
    seen = dict(zip(known["uid"].to_pylist(), vectors_in(known["image"]), strict=True))
    waiting = {pair.key: pair for pair in todo if pair.uid not in seen}
    images = read_images(source, frozenset(waiting))
    with closing(answer_images(images, _Images(encoder), window)) as windows:
        for found in windows:
            part = [(waiting.pop(key), vector) for key, vector in found]
            yield [(pair, _vector(v)) for pair, v in part if not _is_failure(v)]
    rest = {pair.uid: pair for pair in todo if pair.uid in seen}
    missing = {pair.uid: pair for pair in waiting.values()}
    yield from _in_parts([(pair, seen.get(pair.uid)) for pair in (rest | missing).values()])


def _in_parts(pairs: _WithImage) -> Iterator[_WithImage]:
    for start in range(0, len(pairs), _ROWS):
        yield pairs[start : start + _ROWS]


def _vector(said: Vector | Answer) -> Vector | None:
    return None if isinstance(said, Answer) else said


def _is_failure(said: Vector | Answer) -> bool:
    return isinstance(said, Answer) and said.fault is Fault.MODEL_FAILED


class _Images:
    """An encoder of images, as captioners are fed."""

    calls = 1

    def __init__(self, encoder: Encoder) -> None:
        self.asked = _asked(encoder)
        self.batch_size = encoder.batch_size
        self.prepare = encoder.prepare
        self.caption = encoder.encode_images


class _Texts:
    """An encoder of texts, asked in batches; what it has encoded before it is not asked again."""

    calls = 1

    def __init__(self, encoder: Encoder, known: pa.Table) -> None:
        self.asked = _asked(encoder)
        self.batch_size = encoder.batch_size
        self.caption: Callable[[Any], list[Vector]] = encoder.encode_texts
        self._asker: Asker[Vector] = Asker(self)
        self._known: dict[str, Vector] = {}
        for caption, vector in (("caption_raw", "text"), ("caption_generated", "text_generated")):
            columns = known[caption].to_pylist(), vectors_in(known[vector])
            found = zip(*columns, strict=True)
            self._known |= {text: v for text, v in found if text is not None and v is not None}

    def prepare(self, texts: Sequence[str]) -> Sequence[str]:
        """Return ``texts`` as they are."""
        return texts

    def vectors(self, texts: Sequence[str]) -> dict[str, Vector]:
        """Return the vector of each of ``texts``; one that the encoder failed on has none."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for start in range(0, len(new), self.batch_size):
            batch = new[start : start + self.batch_size]
            vectors = self._asker.ask(prepare_question(batch, self))
            found = zip(batch, vectors, strict=True)
            self._known |= {text: v for text, v in found if not isinstance(v, Answer)}
        return self._known


def _asked(encoder: Encoder) -> Asked:
    return Asked(encoder.by.model, encoder.by.revision, "")


class _Embed(beam.DoFn):
    def __init__(self, run_dir: RunDirectory, load: LoadEncoder, by: EncodedBy) -> None:
        self._run_dir = run_dir
        self._load = load
        self._by = by
        self._shared = Shared()

    def process(self, source: Source) -> Iterator[Source]:
        store = VectorStore(self._run_dir, source.name, self._by)
        pairs = pairs_to_encode(source, self._run_dir, self._by.encodes)
        embed_pairs(source, pairs, self._acquire, store)
        yield source

    def _acquire(self) -> Encoder:
        encoder: Encoder = self._shared.acquire(self._load)
        self._kept_alive = encoder
        return encoder


@dataclass
class EmbedPairs(beam.PTransform):
    """Source -> Source, by an encoder that a worker loads when it has something to encode."""

    run_dir: RunDirectory
    load: LoadEncoder
    by: EncodedBy

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        return sources | beam.ParDo(_Embed(self.run_dir, self.load, self.by))
