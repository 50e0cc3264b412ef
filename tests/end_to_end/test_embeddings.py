"""Encoders in a whole run: similarities judge captions, vectors are written beside the images."""

import io
import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import webdataset

from evenpair.scenes.shards import write_demo_shards
from evenpair.schemas.tables import EMBEDDINGS
from evenpair.transforms.embed.huggingface import HuggingFaceEncoder

from ..support.commands import call
from ..support.messages import assert_refused
from ..support.shards import MadePair, read_shards, read_tar, reasons_of, tree_bytes, write_source
from ..support.tiny_encoders import make_encoder

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ONE = ("--workers", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Drawn scenes, one pair without a real picture, and a tiny encoder of each kind."""
    folder = tmp_path_factory.mktemp("embeddings")
    write_demo_shards(folder / "in", pairs=7, seed=5, shard_size=4)
    scene = next(iter(read_tar(folder / "in/00000.tar").values()))
    pairs = [MadePair(0, "a dog", image=b"<html>not found</html>"), MadePair(1, "x", image=scene)]
    write_source(folder / "in/faults.tar", pairs)
    for name in ("clip", "dinov2", "bert"):
        make_encoder(name, folder / name)
    return folder


@pytest.fixture(scope="module")
def options(folder):
    return (
        *("--captioner", "demo", "--similarity-model", folder / "clip"),
        *("--image-encoder", folder / "dinov2", "--text-encoder", folder / "bert"),
    )


@pytest.fixture(scope="module")
def finished(folder, options):
    answer = call("run", folder / "in", "--out", folder / "run", *options, *ONE)
    assert (answer.status, answer.err) == (0, "")
    return folder / "run"


def rows(run, table):
    tables = [pq.read_table(path) for path in sorted((run / table).glob("*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]


def test_both_captions_of_a_captioned_pair_are_compared_with_its_image(finished):
    captions = rows(finished, "captions")
    known = [row for row in captions if row["fault"] is None and row["similarity_raw"] is not None]
    assert len(known) > 4
    similarities = [row[f"similarity_{kind}"] for row in known for kind in ("raw", "generated")]
    assert [cosine for cosine in similarities if not -1 <= cosine <= 1] == []
    assert len(set(similarities)) > 4
    unknown = {row["fault"] for row in captions if row["similarity_generated"] is None}
    assert unknown == {"undecodable-image"}


def test_vectors_are_kept_for_measuring(finished):
    table = pq.read_table(finished / "embeddings/similarity/00000.parquet")
    assert table.schema.remove_metadata() == EMBEDDINGS
    images, texts = (np.stack(table[name].to_pylist()) for name in ("image", "text_generated"))
    assert images.shape == texts.shape == (table.num_rows, 16)
    assert table.num_rows > 0
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1, atol=1e-5)
    scored = {row["uid"] for row in rows(finished, "scores")}
    for kind in ("image", "text"):
        assert {row["uid"] for row in rows(finished, f"embeddings/{kind}")} == scored


@pytest.mark.parametrize("column", ["text", "text_generated"])
def test_the_embeddings_of_a_run_are_measured(finished, column):
    kept = rows(finished, "embeddings/similarity")
    whole = [row for row in kept if row["image"] is not None and row[column] is not None]
    answer = call("measure", finished / "embeddings", "--text-column", column, "--json")
    assert (answer.status, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert (found["images"], found["dimensions"]) == (len(whole), 16)
    distances = [np.linalg.norm(np.subtract(row["image"], row[column])) for row in whole]
    assert found["l2i"] == pytest.approx(np.mean(distances), abs=1e-5)
    left_out = len(kept) - len(whole)
    assert (f"{left_out} rows have no image or no text" in found["notes"]) == (left_out > 0)


def test_training_reads_the_vectors_beside_the_images(finished):
    paths = sorted(map(str, (finished / "shards").glob("*.tar")))
    samples = list(webdataset.WebDataset(paths, shardshuffle=False).decode("pil"))
    assert len(samples) == 7
    for sample in samples:
        for name in ("image_embedding.npy", "text_embedding.npy"):
            assert (sample[name].dtype, sample[name].shape) == (np.float16, (32,))
            assert np.linalg.norm(sample[name].astype(np.float32)) == pytest.approx(1, abs=1e-2)
    images = {row["uid"]: row["image"] for row in rows(finished, "embeddings/image")}
    for sample in samples:
        expected = images[sample["json"]["uid"]]
        np.testing.assert_allclose(sample["image_embedding.npy"], expected, atol=1e-3)
    assert call("verify", finished / "shards", "--workers", 1).status == 0


def test_a_second_run_encodes_nothing(finished, folder, options, monkeypatch):
    monkeypatch.setattr(HuggingFaceEncoder, "encode_images", None)
    before = tree_bytes(finished / "embeddings"), tree_bytes(finished / "shards")
    assert call("run", folder / "in", "--out", finished, *options, *ONE).status == 0
    others = ("--max-new-tokens", 63)
    for more in (others, ()):
        assert call("enrich", finished, *options, *more, "--overwrite", *ONE).status == 0
    assert call("select", finished, *ONE).status == 0
    assert call("write", finished, *ONE).status == 0
    assert (tree_bytes(finished / "embeddings"), tree_bytes(finished / "shards")) == before


def test_a_threshold_rejects_generated_captions_and_pairs(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    captions = {row["uid"]: row for row in rows(run, "captions") if row["fault"] is None}
    generated = sorted(row["similarity_generated"] for row in captions.values())
    middle = generated[len(generated) // 2]
    assert call("select", run, "--min-similarity", middle, "--overwrite", *ONE).status == 0
    selection = {row["uid"]: row for row in rows(run, "selection")}
    low = {uid for uid, row in captions.items() if row["similarity_generated"] < middle}
    assert 0 < len(low) < len(captions)
    assert {selection[uid]["caption_source"] for uid in low} == {"raw"}
    known = {uid for uid in low if captions[uid]["similarity_raw"] is not None}
    below = {uid for uid in known if captions[uid]["similarity_raw"] < middle}
    rejected = {uid for uid in captions if selection[uid]["reason"] == "min-similarity"}
    assert rejected == below


def test_changed_weights_redo_the_vectors_and_all_that_follows(finished, folder, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    model = shutil.copytree(folder / "dinov2", tmp_path / "dinov2")
    options = ("--captioner", "demo", "--image-encoder", model, "--overwrite", *ONE)
    assert call("enrich", run, *options).status == 0
    weights = bytearray((model / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (model / "model.safetensors").write_bytes(weights)
    before = {row["revision"] for row in rows(run, "embeddings/image")}
    assert call("enrich", run, *options).status == 0
    after = {row["revision"] for row in rows(run, "embeddings/image")}
    assert (len(before), len(after), before & after) == (1, 1, set())
    assert_refused(call("write", run, *ONE), run, "evenpair select")
    for command in ("select", "write"):
        assert call(command, run, *ONE).status == 0
    fields = set(read_shards(run / "shards")[0])
    assert fields >= {"image_embedding.npy"}
    assert "text_embedding.npy" not in fields


def test_soft_targets_need_no_captioner(finished, folder, tmp_path):
    run = tmp_path / "run"
    options = ("--image-encoder", folder / "dinov2", "--text-encoder", folder / "bert")
    assert call("score", folder / "in", "--out", run, *ONE).status == 0
    for part in ("1/2", "2/2"):
        done = call("select", run, *ONE)
        assert done.status == (0 if part == "1/2" else 2)
        assert call("enrich", run, *options, "--part", part, *ONE).status == 0
    for command in ("select", "write"):
        assert call(command, run, *ONE).status == 0
    samples = read_shards(run / "shards")
    assert sorted(reasons_of(run).values()) == ["duplicate-uid", "undecodable-image"]
    ours = {s["json"]["uid"]: s["image_embedding.npy"] for s in samples}
    theirs = {s["json"]["uid"]: s["image_embedding.npy"] for s in read_shards(finished / "shards")}
    assert ours == theirs
    assert np.load(io.BytesIO(next(iter(ours.values())))).shape == (32,)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--similarity-model", "clip"), ["--similarity-model", "--captioner"]),
        (("--image-encoder", "no/such/folder"), ["image encoder", "no/such/folder"]),
        (("--captioner", "demo", "--text-encoder", "a b"), ["text encoder", "a b"]),
    ],
)
def test_impossible_models_are_refused_before_any_work(folder, tmp_path, options, named):
    answer = call("run", folder / "in", "--out", tmp_path / "run", *options, *ONE)
    assert_refused(answer, *named)
    assert not (tmp_path / "run" / "scores").exists()
