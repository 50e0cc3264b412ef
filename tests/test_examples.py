"""The examples run, and do what their first lines say."""

import gc
import importlib.util
import io
import json
import os
import random
import subprocess
import sys
import warnings
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
import webdataset

from evenpair.scenes.render import scene_jpeg
from evenpair.scenes.scene import sample_scene

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # webdataset leaves shards open
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

EXAMPLE = Path(__file__).parents[1] / "examples" / "train_contrastive.py"
PAIRS = 24


@pytest.fixture(scope="module", autouse=True)
def _close_shards():
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("train_contrastive", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def npy(vector):
    file = io.BytesIO()
    np.save(file, vector.astype(np.float16))
    return file.getvalue()


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    """Pairs as ``write`` leaves them, one without a text's vector, one with a member that lies."""
    draw = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("shards") / "00000.tar"
    with webdataset.TarWriter(str(path)) as writer:
        for n in range(PAIRS):
            sample = {
                "__key__": f"{n:09d}",
                "jpg": scene_jpeg(sample_scene(1, n), size=64),
                "json": json.dumps({"caption": f"a written {n}", "caption_raw": f"raw {n}"}),
                "txt": f"a written {n}",
                "image_embedding.npy": npy(draw.normal(size=6)),
            }
            if n != 3:
                sample["text_embedding.npy"] = npy(draw.normal(size=4))
            writer.write(sample)
    return str(path)


def test_captions_are_drawn_by_their_probabilities(example):
    sample = {"json": json.dumps({"caption": "a", "caption_raw": "b", "other": "c"}).encode()}
    random.seed(0)
    drawn = Counter(
        example.draw_caption(sample, {"caption": 0.25, "caption_raw": 0.75, "caption_generated": 9})
        for _ in range(2000)
    )
    assert set(drawn) == {"a", "b"}
    assert drawn["b"] / 2000 == pytest.approx(0.75, abs=0.03)
    assert example.draw_caption({"txt": b"t", **sample}, {"caption_generated": 1.0}) == "t"


def test_batches_hold_every_pair_once(example, shard):
    data = list(example.batches(shard, {"caption": 1.0}, 10, train=False))
    assert [len(batch[0]) for batch in data] == [10, 10, 4]
    images, texts = (torch.cat([batch[n] for batch in data]) for n in (0, 1))
    assert images.shape == (PAIRS, 3, 64, 64)
    assert len({tuple(text.tolist()) for text in texts}) == PAIRS
    image_teacher, text_teacher = data[0][2:]
    assert (image_teacher.shape, text_teacher.shape) == ((10, 6), (10, 4))
    assert [n for n, row in enumerate(text_teacher) if not row.any()] == [3]


def test_a_pickle_among_the_members_is_not_loaded(example, shard):
    member = io.BytesIO()
    np.save(member, np.array([print]), allow_pickle=True)
    sample = {"jpg": scene_jpeg(sample_scene(1, 0), size=64), "txt": b"a", "json": b"{}"}
    with pytest.raises(ValueError, match="allow_pickle"):
        example.read_sample(sample | {"image_embedding.npy": member.getvalue()}, {"caption": 1.0})


@pytest.mark.parametrize("loss", ["clip", "sigmoid", "cua", "cuaxu", "modgap", "soft", "masked"])
def test_every_loss_trains(example, shard, loss, capsys):
    torch.manual_seed(0)
    random.seed(0)
    towers, device = example.Towers(), torch.device("cpu")
    before = [p.detach().clone() for p in towers.parameters()]
    data = example.batches(shard, {"caption": 0.5, "caption_raw": 0.5}, 8, train=True)
    example.train(towers, islice(data, 3), loss, device)
    assert capsys.readouterr().out.startswith("step 0: loss ")
    moved = [not torch.equal(a, b) for a, b in zip(before, towers.parameters(), strict=True)]
    assert all(moved)
    assert all(p.isfinite().all() for p in towers.parameters())


def test_it_trains_and_measures(shard, tmp_path):
    command = [sys.executable, EXAMPLE, shard, "--held-out", shard, "--out", tmp_path / "e.npz"]
    command += ["--captions", "caption=0.5,caption_raw=0.5", "--steps", "2", "--batch", "8"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PATH": path},
    )
    assert "step 0: loss " in done.stdout
    assert "r1_image_to_text" in done.stdout
    with np.load(tmp_path / "e.npz") as saved:
        assert saved["image"].shape == saved["text"].shape == (PAIRS, 128)
        assert np.linalg.norm(saved["image"], axis=1) == pytest.approx(np.ones(PAIRS), abs=1e-5)
        assert saved["temperature"] == pytest.approx(0.07, abs=0.01)


def test_captions_are_scored_in_memory():
    script = EXAMPLE.with_name("score_in_memory.py")
    lines = subprocess.check_output([sys.executable, script, "a red dog", "a"], text=True)
    first, second = lines.splitlines()
    assert "dog" in first.partition("(")[2]
    assert float(first.split()[0]) > float(second.split()[0]) == 0
