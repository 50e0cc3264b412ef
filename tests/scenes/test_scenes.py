"""Scenes: pictures, descriptions and known facts agree."""

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageChops

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
    """Return the words that a caption of these facts has, each as often as it must."""
    named = Counter(facts.objects)
    named.update(attribute for _, attribute in facts.attributes)
    return named


def test_a_scene_has_the_facts_of_its_objects_and_layout():
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
    assert min(min(o.x, o.y) - o.radius for o in scene.objects) >= 0
    assert max(max(o.x, o.y) + o.radius for o in scene.objects) <= 1


@given(scenes)
def test_neighbours_are_apart_in_the_direction_of_their_relation(scene):
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


@settings(max_examples=20)
@given(seeds, seeds)
def test_scene_and_picture_do_not_depend_on_the_global_random_state(seed, index):
    pictures = []
    for state in (seed, index + 1):
        random.seed(state)
        np.random.seed(state % 2**32)
        scene = sample_scene(seed, index)
        pictures.append((scene, scene_jpeg(scene)))
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("texture", TEXTURES)
def test_an_object_is_drawn_at_its_place_only(shape, texture):
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


def test_pictures_have_the_given_size():
    picture = render_scene(PAIR, 120)
    assert (picture.size, picture.mode) == ((120, 120), "RGB")


@given(scenes, seeds)
def test_a_description_states_every_fact(scene, seed):
    text = describe_scene(scene, random.Random(seed))
    words = Counter(text.lower().replace(".", " ").replace(",", " ").split())
    assert words_of(scene_facts(scene)) <= words
    assert words["above"] == scene.predicates.count(ABOVE)
    assert words["left"] == scene.predicates.count(LEFT_OF)


@given(scenes, seeds, st.floats(0.0, 1.0))
def test_a_sparse_caption_states_its_own_facts_only(scene, seed, left_out):
    text, facts = sparse_caption(scene, random.Random(seed), left_out)
    known = scene_facts(scene)
    words = Counter(text.lower().replace(".", " ").replace(",", " ").split())
    vocabulary = {*SHAPES, *SIZES, *COLOURS, *TEXTURES}
    assert {word for word in words if word in vocabulary} == set(words_of(facts))
    assert words["above"] + words["left"] == len(facts.relations)
    assert len(facts) == max(1, round((1 - left_out) * len(known)))
    assert set(facts.objects) <= set(known.objects)
    assert set(facts.attributes) <= set(known.attributes)
    assert set(facts.relations) <= set(known.relations)


@pytest.mark.parametrize(
    ("left_out", "stated"),
    [
        (1.0, {(1, 0, 0)}),
        (0.78, {(2, 0, 0)}),
        (0.67, {(2, 1, 0), (2, 0, 1)}),
        (0.0, {(2, 6, 1)}),
    ],
)
def test_details_are_left_out_before_objects(left_out, stated):
    facts = [sparse_caption(PAIR, random.Random(seed), left_out)[1] for seed in range(40)]
    assert {(len(f.objects), len(f.attributes), len(f.relations)) for f in facts} == stated


def test_described_scenes_differ_and_begin_the_same_however_many_are_drawn():
    captions = list(described_scenes(3, 200))
    assert len({text for text, _ in captions}) > 150
    random.seed(8)
    assert list(described_scenes(3, 50)) == captions[:50]
    assert captions[:50] != list(described_scenes(4, 50))
