"""The demo's data set: img2dataset's layout, known facts, the same bytes each time."""

import hashlib
import io
import json
import random
import tarfile
from collections import Counter

import pyarrow.parquet as pq
import pytest
import webdataset
from PIL import Image

from evenpair.scenes.scene import sample_scene, scene_facts
from evenpair.scenes.shards import demo_pairs, write_demo_shards
from evenpair.schemas.pair import derive_uid

PAIRS, SEED, SHARD_SIZE = 120, 5, 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "shards-in"
    write_demo_shards(folder, PAIRS, SEED, SHARD_SIZE)
    return folder


@pytest.fixture(scope="module")
def truth(folder):
    lines = (folder.parent / "truth.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def samples(folder):
    return [sample for path in sorted(folder.glob("*.tar")) for sample in read_samples(path)]


def read_samples(path):
    """Samples as webdataset yields them, from an archive that is closed afterwards."""
    with path.open("rb") as stream:
        files = webdataset.tariterators.tar_file_expander([{"url": path.name, "stream": stream}])
        return list(webdataset.tariterators.group_by_keys(files))


def test_every_shard_has_an_archive_a_table_and_statistics(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        f"{shard:05d}{ending}"
        for shard in range(3)
        for ending in (".parquet", ".tar", "_stats.json")
    ]


def test_keys_follow_img2dataset(samples):
    keys = [f"{100 * (number // 50) + number % 50:07d}" for number in range(PAIRS)]
    assert [sample["__key__"] for sample in samples] == keys


def test_members_come_in_order_and_look_like_webdatasets(folder):
    with tarfile.open(folder / "00000.tar") as tar:
        members = tar.getmembers()
    assert [member.name for member in members[:4]] == [
        "0000000.jpg",
        "0000000.json",
        "0000000.txt",
        "0000001.jpg",
    ]
    assert {(m.mode, m.uname, m.gname, m.mtime) for m in members} == {
        (0o444, "bigdata", "bigdata", 0)
    }


def test_every_picture_is_whole_and_has_its_hash(samples):
    pictures = [Image.open(io.BytesIO(sample["jpg"])).convert("RGB") for sample in samples]
    assert len({picture.tobytes() for picture in pictures}) == PAIRS - 1
    hashes = [hashlib.sha256(sample["jpg"]).hexdigest() for sample in samples]
    assert [json.loads(sample["json"])["sha256"] for sample in samples] == hashes
    assert len(set(hashes)) == PAIRS - 1


def test_parquet_json_and_text_agree(folder, samples):
    rows = [
        row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]
    assert [json.loads(sample["json"]) for sample in samples] == rows
    assert [sample["txt"].decode() for sample in samples] == [r["caption"] or "" for r in rows]
    assert {row["status"] for row in rows} == {"success"}


def test_parquet_types_are_img2datasets(folder):
    types = {field.name: str(field.type) for field in pq.read_schema(folder / "00000.parquet")}
    text = dict.fromkeys(
        ["caption", "url", "key", "status", "error_message", "exif", "sha256"], "string"
    )
    sides = dict.fromkeys(["width", "height", "original_width", "original_height"], "int32")
    assert types == {"scene": "int64", **text, **sides}


def test_stats_count_each_shard(folder):
    stats = [json.loads(path.read_text()) for path in sorted(folder.glob("*_stats.json"))]
    assert [s["count"] for s in stats] == [s["successes"] for s in stats] == [50, 50, 20]


def test_the_truth_has_the_facts_of_each_scene_by_uid(samples, truth):
    rows = [json.loads(sample["json"]) for sample in samples]
    uids = [derive_uid(row["url"], "any", "any", row["caption"]) for row in rows]
    assert [line["uid"] for line in truth] == uids
    facts = [scene_facts(pair.scene) for pair in demo_pairs(PAIRS, SEED)]
    assert [(line["objects"], line["attributes"], line["relations"]) for line in truth] == [
        (list(f.objects), [list(a) for a in f.attributes], [list(r) for r in f.relations])
        for f in facts
    ]


def test_no_scene_was_drawn_for_training():
    drawn = {pair.scene for pair in demo_pairs(50, 0)}
    assert not drawn & {sample_scene(0, index) for index in range(50)}


def test_some_pairs_lack_a_caption_have_a_file_name_or_repeat_another(samples):
    captions = [sample["txt"].decode() for sample in samples]
    assert [number for number, caption in enumerate(captions) if not caption] == [42]
    assert captions[77] == "IMG_0077.JPG"
    assert samples[-1]["jpg"] == samples[0]["jpg"]
    assert json.loads(samples[-1]["json"])["url"] == json.loads(samples[0]["json"])["url"]


def test_captions_leave_out_well_over_half():
    pairs = list(demo_pairs(400, 1))
    counts = Counter()
    for pair in pairs:
        facts = scene_facts(pair.scene)
        words = (pair.caption or "").lower().replace(".", "").replace(",", "").split()
        terms = [*facts.objects, *(attribute for _, attribute in facts.attributes)]
        counts["known"] += len(terms)
        counts["named"] += len([term for term in terms if term in words])
    assert 0.2 < counts["named"] / counts["known"] < 0.45


@pytest.mark.parametrize("pairs", [1, 2, 11])
def test_the_same_arguments_give_the_same_bytes(tmp_path, pairs):
    for state, name in enumerate(("one", "two")):
        random.seed(state)
        write_demo_shards(tmp_path / name / "shards-in", pairs, 3, 5)
    files = {
        name: {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("one", "two")
    }
    assert files["one"] == files["two"]
    assert len(files["one"]) == 1 + 3 * -(-pairs // 5)


def test_another_seed_gives_other_pictures():
    one, other = ({pair.scene for pair in demo_pairs(50, seed)} for seed in (SEED, SEED + 1))
    assert len(one) == len(other) == 49
    assert not one & other
