"""Enrichment by a real, small model: sparse pairs are captioned, and the captions are fused."""

import shutil

import pyarrow.parquet as pq
import pytest

from evenpair.models.load_captioner import demo_captioner_path
from evenpair.scenes.shards import write_demo_shards
from evenpair.schemas.tables import CAPTIONS
from evenpair.transforms.select.join_captions import restates

from ..support.commands import call
from ..support.shards import MadePair, read_shards, read_tar, reasons_of, tree_bytes, write_source

pytestmark = pytest.mark.slow

ONE = ("--workers", "1")
NO_PICTURE = b"<html>not found</html>" * 9
FULL = (
    "a large plain purple rectangle is above a small blue checkered diamond, and the diamond is to "
    "the left of a large red dotted star in front of a wooden house"
)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Drawn scenes, and a shard of pairs that a captioner may fail on."""
    folder = tmp_path_factory.mktemp("enrich") / "in"
    write_demo_shards(folder, pairs=9, seed=5, shard_size=5)
    scene = next(iter(read_tar(folder / "00000.tar").values()))
    pairs = [
        MadePair(0, None, image=scene),
        MadePair(1, "a dog", image=NO_PICTURE),
        MadePair(2, "a cat", image=scene[: len(scene) // 2]),
        MadePair(3, "犬がいる", image=NO_PICTURE),
        MadePair(4, FULL, image=scene),
    ]
    write_source(folder / "faults.tar", pairs)
    return folder


@pytest.fixture(scope="module")
def finished(inputs):
    out = inputs.parent / "run"
    answer = call("run", inputs, "--out", out, "--captioner", "demo", *ONE)
    assert (answer.status, answer.err) == (0, "")
    return out


def rows(run, table):
    tables = [pq.read_table(path) for path in sorted((run / table).glob("*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]


def test_only_the_sparse_pairs_are_captioned(finished):
    sparse = {row["uid"] for row in rows(finished, "scores") if row["sparse"]}
    captions = rows(finished, "captions")
    assert {row["uid"] for row in captions} == sparse
    assert len(captions) > 6
    assert {(row["model"], row["prompt"]) for row in captions} == {("demo", "")}
    schema = pq.read_schema(finished / "captions/00000.parquet")
    assert set(CAPTIONS.names) <= set(schema.names)


def test_an_image_that_cannot_be_decoded_gets_a_fault_and_no_caption(finished):
    faults = [row for row in rows(finished, "captions") if row["fault"]]
    assert [(row["key"], row["fault"], row["caption"]) for row in faults] == [
        ("faults0001", "undecodable-image", None),
        ("faults0002", "undecodable-image", None),
    ]


def test_a_pair_whose_image_cannot_be_decoded_is_rejected(finished):
    rejected = reasons_of(finished)
    assert {key: reason for key, reason in rejected.items() if key.startswith("faults")} == {
        "faults:faults0001": "undecodable-image",
        "faults:faults0002": "undecodable-image",
        "faults:faults0003": "undecodable-image",
    }


def test_written_captions_have_more_information_and_the_originals_are_kept(finished):
    captions = {row["uid"]: row["caption"] for row in rows(finished, "captions")}
    samples = {s["json"]["uid"]: s for s in read_shards(finished / "shards")}
    enriched = {uid: s for uid, s in samples.items() if captions.get(uid)}
    assert len(enriched) > 5
    fields = {uid: sample["json"] for uid, sample in enriched.items()}
    assert {uid: fields[uid]["caption_generated"] for uid in fields} == {
        uid: captions[uid] for uid in fields
    }
    assert [f for f in fields.values() if f["imbalance_after"] > f["imbalance_before"]] == []
    fused = [s for s in enriched.values() if s["json"]["caption_source"] == "fused"]
    assert [s for s in fused if not restates(s["txt"].decode(), raw=s["json"]["caption_raw"])] == []
    sources = {s["json"]["caption_source"] for s in samples.values()}
    assert sources == {"raw", "fused", "generated"}
    [spoken] = [s for s in samples.values() if s["__key__"] == "faults0000"]
    assert spoken["txt"].decode() == captions[spoken["json"]["uid"]]


def test_images_are_those_of_the_source_to_the_byte(finished, inputs):
    source = {n: c for path in sorted(inputs.glob("*.tar")) for n, c in read_tar(path).items()}
    samples = read_shards(finished / "shards")
    assert [s["jpg"] for s in samples] == [source[f"{s['__key__']}.jpg"] for s in samples]
    assert len(samples) + len(reasons_of(finished)) == 14


def test_the_phases_one_by_one_write_the_same_bytes(finished, inputs, tmp_path):
    model = shutil.copytree(demo_captioner_path(), tmp_path / "model")
    out = tmp_path / "run"
    answers = [
        call("score", inputs, "--out", out, *ONE),
        call("enrich", out, "--captioner", model, "--batch-size", "3", *ONE),
        call("select", out, *ONE),
        call("write", out, *ONE),
    ]
    assert [answer.status for answer in answers] == [0] * 4
    assert tree_bytes(out / "shards") == tree_bytes(finished / "shards")


def test_another_mode_uses_the_captions_that_exist(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    assert call("select", run, "--mode", "replace", "--overwrite", *ONE).status == 0
    assert call("write", run, *ONE).status == 0
    assert tree_bytes(run / "captions") == tree_bytes(finished / "captions")
    sources = {s["json"]["caption_source"] for s in read_shards(run / "shards")}
    assert sources == {"raw", "generated"}


def test_a_higher_threshold_captions_only_the_pairs_that_become_sparse(finished, inputs, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    higher = ("--enrich-below", "1", "--full-level", "1000")
    assert call("score", inputs, "--out", run, *higher, "--overwrite", *ONE).status == 0
    assert call("enrich", run, "--captioner", "demo", *ONE).status == 0
    before = {row["uid"]: row["caption"] for row in rows(finished, "captions")}
    after = {row["uid"]: row["caption"] for row in rows(run, "captions")}
    assert set(before) < set(after)
    assert {uid: after[uid] for uid in before} == before
    sparse = {row["uid"] for row in rows(run, "scores") if row["sparse"]}
    assert set(after) == sparse
