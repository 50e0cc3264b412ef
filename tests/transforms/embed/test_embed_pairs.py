"""Encoding the pairs of a source: which are encoded, and which vectors are kept."""

import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.run_tables import RunTable
from evenpair.schemas.source import name_sources
from evenpair.schemas.tables import CAPTIONS, SCORES
from evenpair.schemas.unit import Tally, Unit
from evenpair.storage import files
from evenpair.transforms.embed.compare_images import compare_images
from evenpair.transforms.embed.embed_pairs import embed_pairs, pairs_to_encode
from evenpair.transforms.embed.encoder import EncodedBy, Encodes
from evenpair.transforms.embed.keep_vectors import VectorStore, vectors_in
from evenpair.transforms.write.vector_members import VectorMembers, written_vector

from ...support.shards import MadePair, write_source

BOTH = EncodedBy(Encodes.BOTH, "m", "1")


def unit_vector(angle):
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


class FakeEncoder:
    """Encodes a picture by its width and a text by its length; fails on batches over a size."""

    def __init__(self, by=BOTH, most=10**6, fails_on=()):
        self.by, self.batch_size = by, 4
        self._most, self._fails_on = most, set(fails_on)
        self.images, self.texts = [], []

    def prepare(self, images):
        return [image.width for image in images]

    def encode_images(self, prepared):
        return self._encode(prepared, self.images)

    def encode_texts(self, texts):
        self._encode(texts, self.texts)
        return [unit_vector(len(text)) for text in texts]

    def _encode(self, asked, noted):
        if len(asked) > self._most:
            raise MemoryError
        if self._fails_on & set(asked):
            raise ValueError("the model fails on it")
        noted += asked
        return [unit_vector(one) for one in asked if isinstance(one, int)]


def png(width):
    stream = io.BytesIO()
    Image.new("L", (width, 1)).save(stream, "PNG")
    return stream.getvalue()


RAW = ["a dog", "a dog", "", "a cat", "a cow on a rug", "a boat", "gone"]
GENERATED = {"0": "a brown dog", "1": None, "3": "a red cat on a mat", "4": "a cow", "6": "a fish"}


@pytest.fixture
def source(tmp_path):
    """Six pairs with pictures, the fourth broken; one whose picture is gone."""
    pairs = [MadePair(n, raw, image=png(n + 1)) for n, raw in enumerate(RAW[:6])]
    pairs[3] = MadePair(3, RAW[3], image=b"no picture")
    [source] = name_sources([str(write_source(tmp_path / "00000.tar", pairs))])
    return source


@pytest.fixture
def run(tmp_path, source):
    """A run whose captioner was asked about five of the seven pairs."""
    run = RunDirectory(str(tmp_path / "run"))
    keys = [f"{n:09d}" for n in range(7)]
    keep(run, RunTable.SCORES, SCORES, uid=list("0123456"), key=keys, caption=RAW)
    keep_captions(run, GENERATED)
    return run


def keep(run, table, schema, **columns):
    rows = len(columns["uid"])
    arrays = [pa.array(columns.get(f.name, [None] * rows), f.type) for f in schema]
    files.write_table(run.table(table, "00000"), pa.table(arrays, schema=schema))


def keep_captions(run, generated):
    keep(run, RunTable.CAPTIONS, CAPTIONS, uid=list(generated), caption=list(generated.values()))


def embed(source, run, encoder, **options):
    store = VectorStore(run, source.name, encoder.by)
    pairs = pairs_to_encode(source, run, encoder.by.encodes)
    embed_pairs(source, pairs, lambda: encoder, store, **options)
    return store


def rows(store):
    table = store.load()
    columns = {name: vectors_in(table[name]) for name in ("image", "text", "text_generated")}
    vectors = zip(*columns.values(), strict=True)
    return {
        uid: tuple(None if v is None else v.tolist() for v in row)
        for uid, row in zip(table["uid"].to_pylist(), vectors, strict=True)
    }


def expected(width, *texts):
    angles = (width, *(text and len(text) for text in texts))
    return tuple(unit_vector(angle).tolist() if angle else None for angle in angles)


ALL = {
    "0": expected(1, "a dog", "a brown dog"),
    "1": expected(2, "a dog", None),
    "3": expected(None, "a cat", "a red cat on a mat"),
    "4": expected(5, "a cow on a rug", "a cow"),
    "6": expected(None, "gone", "a fish"),
}


@pytest.mark.parametrize("most", [10**6, 3, 1])
def test_captioned_pairs_are_encoded_once(source, run, most):
    encoder = FakeEncoder(most=most)
    store = embed(source, run, encoder)
    assert rows(store) == ALL
    assert sorted(encoder.images) == [1, 2, 5]
    assert len(encoder.texts) == len(set(encoder.texts)) == 8
    embed_pairs(source, pairs_to_encode(source, run, Encodes.BOTH), pytest.fail, store)
    store.settle("stamp")
    assert rows(store) == ALL


def test_a_killed_run_loses_at_most_a_window(source, run):
    class Killed(BaseException):
        pass

    killed = FakeEncoder()
    encode = FakeEncoder().encode_texts

    def encode_texts(texts):
        if "a cow" in texts:
            raise Killed
        return encode(texts)

    killed.batch_size, killed.encode_texts = 2, encode_texts
    with pytest.raises(Killed):
        embed(source, run, killed, window=2)
    rest = FakeEncoder()
    assert rows(embed(source, run, rest, window=2)) == ALL
    assert rest.images == [5]
    assert set(rest.texts).isdisjoint({"a dog", "a brown dog"})


def test_a_new_caption_encodes_its_text_and_a_new_model_everything(source, run):
    embed(source, run, FakeEncoder()).settle("stamp")
    keep_captions(run, GENERATED | {"0": "a small brown dog", "2": "a pig"})
    encoder = FakeEncoder()
    store = embed(source, run, encoder)
    assert rows(store)["0"] == expected(1, "a dog", "a small brown dog")
    assert (encoder.images, sorted(encoder.texts)) == ([3], ["a pig", "a small brown dog"])
    other = FakeEncoder(EncodedBy(Encodes.BOTH, "m", "2"))
    assert set(rows(embed(source, run, other))) == {*GENERATED, "2"}
    assert sorted(other.images) == [1, 2, 3, 5]


def test_an_image_that_the_model_failed_on_is_retried(source, run):
    store = embed(source, run, FakeEncoder(fails_on=[2]))
    assert rows(store) == {uid: row for uid, row in ALL.items() if uid != "1"}
    assert rows(embed(source, run, FakeEncoder())) == ALL


def test_soft_targets_encode_all_pairs(source, run):
    images = embed(source, run, FakeEncoder(EncodedBy(Encodes.IMAGES, "i", "1")))
    assert [row[0] is not None for _, row in sorted(rows(images).items())] == [
        *(True, True, True, False, True, True, False)
    ]
    encoder = FakeEncoder(EncodedBy(Encodes.TEXTS, "t", "1"))
    texts = embed(source, run, encoder)
    assert {row[0] for row in rows(texts).values()} == {None}
    assert [rows(texts)[uid][1] is not None for uid in "0123456"] == [
        *(True, True, False, True, True, True, True)
    ]
    assert encoder.images == []
    members = VectorMembers(run, source, [images.by, texts.by])
    made = members.of({"uid": "5", "caption_source": "raw"})
    loaded = {name: np.load(io.BytesIO(content)) for name, content in made.items()}
    assert {name: (a.dtype, a.shape) for name, a in loaded.items()} == {
        "image_embedding.npy": (np.float16, (2,)),
        "text_embedding.npy": (np.float16, (2,)),
    }
    np.testing.assert_allclose(loaded["text_embedding.npy"], unit_vector(6), atol=1e-3)
    assert members.of({"uid": "2", "caption_source": "raw"}).keys() == {"image_embedding.npy"}
    assert members.of({"uid": "x", "caption_source": "raw"}) == {}


@pytest.mark.parametrize(("source", "angle"), [("raw", 0.0), ("generated", 1.0), ("fused", 0.5)])
def test_the_vector_of_a_fused_caption_lies_between_both(source, angle):
    vectors = (unit_vector(0), unit_vector(1))
    np.testing.assert_allclose(written_vector(vectors, source), unit_vector(angle), atol=1e-6)
    alone = written_vector((None, vectors[1]), source)
    assert alone is (None if source == "raw" else vectors[1])


def test_similarities_are_cosines_or_null(source, run):
    vectors = embed(source, run, FakeEncoder()).load()
    captions = files.read_table(run.table(RunTable.CAPTIONS, "00000"))
    table = compare_images(Unit(source, captions, Tally(5)), vectors).table
    names = ("similarity_raw", "similarity_generated")
    found = zip(*(table[name].to_pylist() for name in names), strict=True)
    cosines = dict(zip(GENERATED, found, strict=True))
    assert cosines == {
        "0": (round(np.cos(4), 4), round(np.cos(10), 4)),
        "1": (round(np.cos(3), 4), None),
        "3": (None, None),
        "4": (round(np.cos(9), 4), 1.0),
        "6": (None, None),
    }
