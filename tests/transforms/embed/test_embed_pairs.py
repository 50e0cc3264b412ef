"""Encoding the pairs of a source: which are encoded, and which vectors are kept."""

import io
import os
import shutil
from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.run_tables import RunTable
from evenpair.schemas.source import name_sources
from evenpair.schemas.tables import CAPTIONS, SCORES
from evenpair.schemas.unit import Tally, Unit
from evenpair.storage import files, parquet
from evenpair.transforms.embed.compare_images import compare_images
from evenpair.transforms.embed.embed_pairs import embed_pairs, pairs_to_encode
from evenpair.transforms.embed.encoder import EncoderId, Modality
from evenpair.transforms.embed.keep_vectors import VectorStore, vectors_in
from evenpair.transforms.write.vector_members import VectorMembers, written_vector

from ...support.fake_encoder import FakeEncoder, png, unit_vector
from ...support.shards import MadePair, write_source

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
    parquet.write_table(run.table(table, "00000"), pa.table(arrays, schema=schema))


def keep_captions(run, generated):
    keep(run, RunTable.CAPTIONS, CAPTIONS, uid=list(generated), caption=list(generated.values()))


def embed(source, run, encoder, **options):
    store = VectorStore(run, source.name, encoder.encoder_id)
    pairs = pairs_to_encode(source, run, encoder.encoder_id.encodes)
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
    embed_pairs(source, pairs_to_encode(source, run, Modality.BOTH), pytest.fail, store)
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


class AnotherAttempt:
    """Does ``work`` before the ``moment``-th look at the files, counted from 0."""

    PLACES = ((files, "exists"), (files, "find_in"), (parquet, "read_table"), (os, "replace"))

    def __init__(self, monkeypatch, moment, work):
        self.moment, self.work, self.moments = moment, work, 0
        self.originals = {place: getattr(*place) for place in self.PLACES}
        self.monkeypatch = monkeypatch

    def __enter__(self):
        for place, original in self.originals.items():
            self.monkeypatch.setattr(*place, self.interrupted(original))
        return self

    def __exit__(self, *_):
        self.monkeypatch.undo()

    def interrupted(self, function):
        def call(*arguments, **options):
            self.moments += 1
            if self.moments - 1 == self.moment:
                self.monkeypatch.undo()
                self.work()
            return function(*arguments, **options)

        return call


@pytest.mark.parametrize("settles", [False, True])
@pytest.mark.parametrize("fails_on", [(), (2,)])
def test_two_attempts_at_once_keep_each_vector_once(
    tmp_path, source, run, monkeypatch, fails_on, settles
):
    def attempt(folder, encoder, *, settles):
        store = embed(source, folder, encoder, window=2)
        if settles:
            store.settle("stamp")
        return store

    def fresh(name):
        return RunDirectory(shutil.copytree(run.root, tmp_path / name).as_posix())

    alone = attempt(fresh("alone"), FakeEncoder(), settles=True).rows.path
    moments = 0
    while True:
        folder = fresh(f"moment-{moments}")
        other = partial(attempt, folder, FakeEncoder(), settles=settles)
        with AnotherAttempt(monkeypatch, moments, other) as another:
            store = attempt(folder, FakeEncoder(fails_on=fails_on), settles=not fails_on)
        if another.moments <= moments:
            break
        store.settle("stamp")
        assert rows(store) == ALL, moments
        assert parquet.read_table(store.rows.path).num_rows == len(ALL), moments
        if not fails_on:
            assert files.read_bytes(store.rows.path) == files.read_bytes(alone), moments
        moments += 1
    assert moments > 8


def test_a_new_caption_encodes_its_text_and_a_new_model_everything(source, run):
    embed(source, run, FakeEncoder()).settle("stamp")
    keep_captions(run, GENERATED | {"0": "a small brown dog", "2": "a pig"})
    encoder = FakeEncoder()
    store = embed(source, run, encoder)
    assert rows(store)["0"] == expected(1, "a dog", "a small brown dog")
    assert (encoder.images, sorted(encoder.texts)) == ([3], ["a pig", "a small brown dog"])
    other = FakeEncoder(EncoderId(Modality.BOTH, "m", "2"))
    assert set(rows(embed(source, run, other))) == {*GENERATED, "2"}
    assert sorted(other.images) == [1, 2, 3, 5]


def test_an_image_that_the_model_failed_on_is_retried(source, run):
    store = embed(source, run, FakeEncoder(fails_on=[2]))
    assert rows(store) == {uid: row for uid, row in ALL.items() if uid != "1"}
    assert rows(embed(source, run, FakeEncoder())) == ALL


def test_soft_targets_encode_all_pairs(source, run):
    images = embed(source, run, FakeEncoder(EncoderId(Modality.IMAGES, "i", "1")))
    assert [row[0] is not None for _, row in sorted(rows(images).items())] == [
        *(True, True, True, False, True, True, False)
    ]
    encoder = FakeEncoder(EncoderId(Modality.TEXTS, "t", "1"))
    texts = embed(source, run, encoder)
    assert {row[0] for row in rows(texts).values()} == {None}
    assert [rows(texts)[uid][1] is not None for uid in "0123456"] == [
        *(True, True, False, True, True, True, True)
    ]
    assert encoder.images == []
    members = VectorMembers(run, source, [images.encoder_id, texts.encoder_id])
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
    captions = parquet.read_table(run.table(RunTable.CAPTIONS, "00000"))
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
