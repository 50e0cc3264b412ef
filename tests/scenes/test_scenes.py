"""Scenes: what is drawn, what is said and what is known agree."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from evenpair.scenes.describe import describe_scene, described_scenes, sparse_caption
from evenpair.scenes.render import render_scene, scene_jpeg
from evenpair.scenes.scene import (
    ABOVE,
    COLOURS,
    LEFT_OF,
    SHAPES,
    SIZES,
    TEXTURES,
    Scene,
    SceneObject,
    sample_scene,
    scene_facts,
)
from evenpair.schemas.facts import Attribute, Facts, Relation

seeds = st.integers(0, 2**40)
scenes = st.builds(sample_scene, seeds, seeds)


def item(shape: str, x: float = 0.5, y: float = 0.5, **look: str) -> SceneObject:
    known = {"size": "large", "colour": "red", "texture": "striped", **look}
    return SceneObject(shape=shape, x=x, y=y, radius=0.14, **known)


PAIR = Scene(
    (item("circle", y=0.2), item("square", y=0.7, size="small", texture="plain", colour="blue")),
    (ABOVE,),
    0,
)


def words_of(facts: Facts) -> Counter[str]:
    """Every word that a caption of these facts must hold at least once."""
    named = Counter(facts.objects)
    named.update(attribute for _, attribute in facts.attributes)
    return named


def test_facts_of_a_scene():
    assert scene_facts(PAIR) == Facts(
        ("circle", "square"),
        (
            Attribute("circle", "large"),
            Attribute("circle", "striped"),
            Attribute("circle", "red"),
            Attribute("square", "small"),
            Attribute("square", "plain"),
            Attribute("square", "blue"),
        ),
        (Relation("circle", ABOVE, "square"),),
    )


@given(scenes)
def test_objects_of_a_scene_are_told_apart_by_shape(scene):
    facts = scene_facts(scene)
    assert len(set(facts.objects)) == len(facts.objects) == len(scene.objects)
    assert len(facts) == 5 * len(scene.objects) - 1


@given(scenes)
def test_objects_lie_inside_the_picture(scene):
    assert all(
        min(o.x, o.y) - o.radius >= 0 and max(o.x, o.y) + o.radius <= 1 for o in scene.objects
    )


@given(scenes)
def test_neighbours_are_aligned_and_apart_as_their_relation_says(scene):
    for predicate, one, other in zip(
        scene.predicates, scene.objects, scene.objects[1:], strict=False
    ):
        across, along = (other.x - one.x, other.y - one.y)
        if predicate == LEFT_OF:
            across, along = along, across
        assert abs(across) <= 0.017
        assert along - one.radius - other.radius >= 0.02


def test_every_look_and_every_layout_occurs():
    sample = [sample_scene(7, index) for index in range(600)]
    objects = [o for scene in sample for o in scene.objects]
    assert {o.shape for o in objects} == set(SHAPES)
    assert {o.attributes for o in objects} == {
        (size, texture, colour) for size in SIZES for texture in TEXTURES for colour in COLOURS
    }
    assert {scene.predicates for scene in sample} == {
        (),
        *((one,) for one in (ABOVE, LEFT_OF)),
        *((one, two) for one in (ABOVE, LEFT_OF) for two in (ABOVE, LEFT_OF)),
    }


@given(seeds, seeds)
def test_a_scene_is_a_function_of_seed_and_index(seed, index):
    random.seed(index)
    one = sample_scene(seed, index)
    random.seed(seed)
    assert sample_scene(seed, index) == one


@settings(max_examples=20)
@given(scenes)
def test_a_picture_repeats_to_the_byte(scene):
    assert scene_jpeg(scene) == scene_jpeg(scene)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("texture", TEXTURES)
def test_each_object_shows_where_it_is_and_nowhere_else(shape, texture):
    ground = render_scene(Scene((), (), 5), 96)
    picture = render_scene(Scene((item(shape, 0.3, 0.6, texture=texture),), (), 5), 96)
    box = ImageChops.difference(ground, picture).getbbox()
    assert box is not None
    left, top, right, bottom = box
    reach = 0.14 * 96 * 1.2 + 2
    assert left >= 0.3 * 96 - reach
    assert right <= 0.3 * 96 + reach
    assert top >= 0.6 * 96 - reach
    assert bottom <= 0.6 * 96 + reach
    assert min(right - left, bottom - top) > 0.14 * 96


@pytest.mark.parametrize(
    ("field", "value"), [("shape", "star"), ("colour", "white"), ("texture", "dotted")]
)
def test_each_fact_changes_the_picture(field, value):
    one, other = item("circle"), replace(item("circle"), **{field: value})
    pictures = [render_scene(Scene((drawn,), (), 1)) for drawn in (one, other)]
    assert ImageChops.difference(*pictures).getbbox() is not None


def test_pictures_have_the_size_asked_for():
    assert render_scene(PAIR, 120).size == (120, 120)
    assert render_scene(PAIR).mode == "RGB"
    assert isinstance(render_scene(PAIR), Image.Image)


@given(scenes, seeds)
def test_a_description_names_every_fact(scene, seed):
    text = describe_scene(scene, random.Random(seed))
    said = Counter(text.lower().replace(".", " ").replace(",", " ").split())
    assert words_of(scene_facts(scene)) <= said
    assert said["above"] == scene.predicates.count(ABOVE)
    assert said["left"] == scene.predicates.count(LEFT_OF)


@given(scenes, seeds, st.floats(0.0, 1.0))
def test_a_sparse_caption_says_its_facts_and_no_others(scene, seed, left_out):
    text, facts = sparse_caption(scene, random.Random(seed), left_out)
    known = scene_facts(scene)
    said = Counter(text.lower().replace(".", " ").replace(",", " ").split())
    vocabulary = {*SHAPES, *SIZES, *COLOURS, *TEXTURES}
    assert {word for word in said if word in vocabulary} == set(words_of(facts))
    assert said["above"] + said["left"] == len(facts.relations)
    assert len(facts) == max(1, round((1 - left_out) * len(known)))
    assert set(facts.objects) <= set(known.objects)
    assert set(facts.attributes) <= set(known.attributes)
    assert set(facts.relations) <= set(known.relations)


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        (1.0, {(1, 0, 0)}),
        (0.78, {(2, 0, 0)}),
        (0.67, {(2, 1, 0), (2, 0, 1)}),
        (0.0, {(2, 6, 1)}),
    ],
)
def test_details_are_left_out_before_objects(left_out, said):
    facts = [sparse_caption(PAIR, random.Random(seed), left_out)[1] for seed in range(40)]
    assert {(len(f.objects), len(f.attributes), len(f.relations)) for f in facts} == said


def test_described_scenes_repeat_and_differ():
    captions = list(described_scenes(3, 200))
    assert captions == list(described_scenes(3, 200))
    assert len({text for text, _ in captions}) > 150
    assert captions != list(described_scenes(4, 200))
