"""The captioner that ships: its training, its scores, and its captions of unseen scenes."""

import io
import random
from collections import Counter
from dataclasses import replace

import pytest
from click.testing import CliRunner
from PIL import Image

pytest.importorskip("torch", reason="needs the caption extra")
pytest.importorskip("transformers", reason="needs the caption extra")

from evenpair.models.load_captioner import demo_captioner_path
from evenpair.scenes.describe import describe_scene, described_scenes
from evenpair.scenes.render import scene_jpeg
from evenpair.scenes.scene import sample_scene, scene_facts
from evenpair.schemas.facts import Attribute, Facts
from evenpair.training.captioner_config import (
    CaptionerConfig,
    make_model,
    make_processor,
    make_tokenizer,
    vocabulary,
)
from evenpair.training.captioner_data import GROUND, SceneBatches, patch_classes, scene_pixels
from evenpair.training.evaluate_captioner import (
    UNSEEN_SEED,
    caption_scenes,
    read_description,
    score,
)
from evenpair.training.train_captioner import main

SMALL = replace(CaptionerConfig(), scenes=8, batch_size=4, width=32)


def as_set(facts):
    return {*facts.objects, *facts.attributes, *facts.relations}


def test_the_facts_of_a_description_are_those_of_its_scene():
    captions = list(described_scenes(9, 500))
    assert [as_set(read_description(text)) for text, _ in captions] == [
        as_set(facts) for _, facts in captions
    ]


def test_descriptions_survive_the_tokenizer():
    tokenizer = make_tokenizer(vocabulary())
    texts = [describe_scene(sample_scene(1, n), random.Random(n)) for n in range(200)]
    tokens = tokenizer(texts)["input_ids"]
    assert tokenizer.batch_decode(tokens, skip_special_tokens=True) == texts
    assert max(map(len, tokens)) <= 45


def test_every_object_has_patches_of_its_class():
    scene = sample_scene(0, 4)
    classes = Counter(patch_classes(scene, 12))
    assert len(classes) == 1 + len(scene.objects)
    assert classes[GROUND] > 50
    assert min(classes.values()) >= 4


def test_batches_do_not_depend_on_the_global_random_state():
    batches, again = (SceneBatches(SMALL, make_tokenizer(vocabulary())) for _ in range(2))
    assert len(batches) == 2
    random.seed(1)
    second = batches[1]
    random.seed(2)
    assert second.tokens.equal(again[1].tokens)
    assert second.pixels.equal(again[1].pixels)
    assert not batches[0].pixels.equal(second.pixels)
    assert batches[0].pixels.shape == (4, 3, 96, 96)
    assert batches[0].patches.shape == (4, 64, 6)


def test_training_uses_the_pixels_of_the_processor():
    processor = make_processor(SMALL, make_tokenizer(vocabulary()))
    scene = sample_scene(0, 7)
    picture = Image.open(io.BytesIO(scene_jpeg(scene, quality=92)))
    pixels = processor.image_processor(
        picture, do_rescale=False, do_normalize=False, return_tensors="np"
    )["pixel_values"][0]
    assert (pixels.transpose(1, 2, 0) == scene_pixels(scene, 96, 92)).all()


def test_every_layer_is_initialised():
    model = make_model(SMALL, vocabulary())
    matrices = {name: w for name, w in model.named_parameters() if w.ndim > 1}
    silent = {name for name, weight in matrices.items() if weight.std() < 0.005}
    assert silent == set()


def test_score_counts_distinct_facts_of_each_scene():
    one = Facts(("circle",), (Attribute("circle", "red"),))
    other = Facts(("circle",), (Attribute("circle", "blue"),))
    result = score([one, other, Facts()], [one, one, one])
    assert (result.said, result.known, result.right, result.whole) == (4, 6, 3, 1)
    assert (result.precision, result.recall) == (0.75, 0.5)


def test_the_shipped_captioner_names_the_facts_of_unseen_scenes():
    unseen = [sample_scene(UNSEEN_SEED, index) for index in range(48)]
    stated = [read_description(text) for text in caption_scenes(demo_captioner_path(), unseen)]
    result = score(stated, [scene_facts(scene) for scene in unseen])
    assert result.precision >= 0.95
    assert result.recall >= 0.95


@pytest.mark.slow
def test_the_training_command_saves_a_captioner_that_loads(tmp_path, monkeypatch):
    # It would round small floats to nothing in every test that follows in this process.
    monkeypatch.setattr("torch.set_flush_denormal", lambda _: True)
    answer = CliRunner().invoke(main, ["--out", str(tmp_path), "--scenes", "128"])
    assert answer.exit_code == 0, answer.output
    weights = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert weights < 15_000_000
    captions = list(caption_scenes(tmp_path, [sample_scene(0, index) for index in range(3)]))
    assert len(captions) == 3
