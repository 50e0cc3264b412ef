"""Captions: their language, what a text encoder sees of them, what is fused with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.transforms.fuse import CaptionSource, Part, Written, append, fuse, replace
from evenpair.transforms.imbalance import unite
from evenpair.transforms.recognise_language import recognise_language
from evenpair.transforms.visible_text import CONTEXT_TOKENS, visible_text


@pytest.mark.parametrize(
    ("caption", "language"),
    [
        ("a dog", "en"),
        ("", "en"),
        ("1234 !?", "en"),
        ("犬がいる", "ja"),
        ("一只狗", "zh"),
        ("개가 있다", "ko"),
        ("собака на ковре", "ru"),
        ("ένας σκύλος", "el"),
        ("كلب على بساط", "ar"),
        ("כלב", "he"),
        ("कुत्ता", "hi"),
        ("สุนัข", "th"),
        ("dog 犬", "en"),
        ("🐶🐶🐶", "en"),
    ],
)
def test_a_language_is_told_by_its_script(caption, language):
    assert recognise_language(caption) == language


@given(caption=st.text(max_size=400))
def test_the_visible_part_is_the_beginning_of_a_long_caption(caption):
    visible = visible_text(caption)
    assert visible is None or (caption.startswith(visible) and len(visible) < len(caption))


@pytest.mark.parametrize(
    ("words", "seen"), [(CONTEXT_TOKENS - 2, None), (CONTEXT_TOKENS - 1, CONTEXT_TOKENS - 2)]
)
def test_a_text_encoder_sees_75_words_of_one_token(words, seen):
    visible = visible_text(" ".join(["dog"] * words))
    assert (visible and len(visible.split())) == seen


DOG = Facts(("dog",))
RUG = Facts(("rug",), (Attribute("rug", "red"),))
BROWN = Facts(("dog",), (Attribute("dog", "brown"),))
BLACK = Facts(("dog",), (Attribute("dog", "black"),))
LIES = Facts(("dog", "rug"), (), (Relation("dog", "lie on", "rug"),))

OBJECTS = st.sampled_from(["dog", "rug", "cat"])
COLOURS = st.sampled_from(["black", "brown", "red", "big"])


@st.composite
def fact_sets(draw):
    attributes = draw(st.lists(st.builds(Attribute, OBJECTS, COLOURS), max_size=3, unique=True))
    objects = dict.fromkeys([*draw(st.lists(OBJECTS, max_size=2)), *(o for o, _ in attributes)])
    return Facts(tuple(objects), tuple(attributes))


TEXT = st.lists(st.sampled_from(["a", "dog", "Rex", "lies.", "!"]), min_size=1, max_size=5).map(
    " ".join
)
PARTS = st.lists(st.builds(Part, TEXT, fact_sets()), max_size=4)


def colours(facts, name):
    return {a for o, a in facts.attributes if o == name and a != "big"}


class TestFuse:
    def test_parts_that_say_more_follow_the_raw_caption(self):
        parts = [Part("the dog is brown.", BROWN), Part("it lies on a rug", LIES)]
        assert fuse("a dog", DOG, parts, 56) == Written(
            "a dog. The dog is brown. It lies on a rug", CaptionSource.FUSED, unite(BROWN, LIES)
        )

    def test_a_part_that_says_nothing_new_is_left_out(self):
        assert fuse("a brown dog", BROWN, [Part("a dog", DOG)], 56) == Written(
            "a brown dog", CaptionSource.RAW, BROWN
        )

    def test_another_colour_of_the_same_object_is_left_out(self):
        parts = [Part("a black dog on a rug", unite(BLACK, LIES)), Part("a red rug", RUG)]
        fused = fuse("a brown dog", BROWN, parts, 56)
        assert fused.text == "a brown dog. A red rug"
        assert fused.facts == unite(BROWN, RUG)

    def test_one_of_two_colours_is_no_other_colour(self):
        raw = unite(BROWN, BLACK)
        part = Part("a black dog on a rug", unite(BLACK, LIES))
        assert fuse("a black and brown dog", raw, [part], 56).source is CaptionSource.FUSED

    def test_nothing_in_common_is_no_contradiction(self):
        assert fuse("a dog", DOG, [Part("a red rug", RUG)], 56).text == "a dog. A red rug"

    def test_the_generated_caption_stands_alone_where_the_raw_one_says_nothing(self):
        parts = [Part("a dog.", DOG), Part("a red rug", RUG)]
        assert fuse("IMG_0001", Facts(), parts, 56) == Written(
            "a dog. a red rug", CaptionSource.GENERATED, unite(DOG, RUG)
        )

    def test_a_name_is_kept_though_it_is_no_fact(self):
        fused = fuse("greetings from Paris", Facts(), [Part("a dog", DOG)], 56)
        assert fused == Written("greetings from Paris. A dog", CaptionSource.FUSED, DOG)

    def test_a_part_beyond_the_budget_is_left_out(self):
        parts = [Part("a brown dog", BROWN), Part("a rug", Facts(("rug",)))]
        assert fuse("a dog", DOG, parts, 4).text == "a dog. A rug"

    @given(raw=TEXT, raw_facts=fact_sets(), parts=PARTS, budget=st.integers(1, 12))
    def test_invariants(self, raw, raw_facts, parts, budget):
        fused = fuse(raw, raw_facts, parts, budget)
        if fused.source is CaptionSource.GENERATED:
            assert len(raw_facts) == 0
            assert fused == replace(parts)
            return
        assert fused.text.startswith(raw)
        assert len(fused.text.split()) <= max(budget, len(raw.split()))
        assert unite(fused.facts, raw_facts) == unite(raw_facts, fused.facts) == fused.facts
        contradicted = [
            name
            for name in raw_facts.objects
            if colours(raw_facts, name) and colours(fused.facts, name) != colours(raw_facts, name)
        ]
        assert contradicted == []
        assert (fused.source is CaptionSource.RAW) == (fused.text == raw)
        assert (fused.source is CaptionSource.RAW) == (fused.facts == raw_facts)

    @given(raw=TEXT, raw_facts=fact_sets(), parts=PARTS)
    def test_facts_are_those_of_the_parts_that_the_text_holds(self, raw, raw_facts, parts):
        fused = fuse(raw, raw_facts, parts, 1000)
        if fused.source is CaptionSource.FUSED:
            known = unite(raw_facts, *(part.facts for part in parts))
            assert set(fused.facts.attributes) <= set(known.attributes)
            assert set(fused.facts.objects) <= set(known.objects)


class TestOtherModes:
    @given(raw=TEXT, raw_facts=fact_sets(), parts=PARTS)
    def test_append_holds_everything(self, raw, raw_facts, parts):
        written = append(raw, raw_facts, parts)
        assert written.text.startswith(raw)
        assert written.facts == unite(raw_facts, *(part.facts for part in parts))
        words = sum(len(part.text.split()) for part in parts)
        assert len(written.text.split()) == len(raw.split()) + words

    def test_append_to_nothing(self):
        assert append("", Facts(), [Part("a dog", DOG)]).text == "a dog"

    def test_replace_holds_the_parts_alone(self):
        assert replace([Part("a dog.", DOG), Part("a red rug.", RUG)]) == Written(
            "a dog. a red rug.", CaptionSource.GENERATED, unite(DOG, RUG)
        )
