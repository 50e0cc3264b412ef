"""Fusing a raw caption with the parts of a generated one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.models.load_parser import load_parser
from evenpair.schemas.captions import CaptionPart as Part
from evenpair.schemas.captions import CaptionSource
from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.transforms.enrich.find_generated_facts import find_parts
from evenpair.transforms.facts.contradicts import contradicts
from evenpair.transforms.facts.parse_captions import parse_captions
from evenpair.transforms.select.fuse import WrittenCaption, append, fuse, replace
from evenpair.transforms.select.join_captions import (
    has_names,
    names_in,
    plain_caption,
)
from evenpair.transforms.text.visible_text import visible_text

DOG = Facts(("dog",))
RUG = Facts(("rug",), (Attribute("rug", "red"),))
BROWN = Facts(("dog",), (Attribute("dog", "brown"),))
BLACK = Facts(("dog",), (Attribute("dog", "black"),))
LIES = Facts(("dog", "rug"), (), (Relation("dog", "lie on", "rug"),))

OBJECTS = st.sampled_from(["dog", "rug", "cat"])
WORDS = st.sampled_from(["black", "brown", "red", "big", "2", "3"])


@st.composite
def fact_sets(draw):
    attributes = draw(st.lists(st.builds(Attribute, OBJECTS, WORDS), max_size=3, unique=True))
    objects = dict.fromkeys([*draw(st.lists(OBJECTS, max_size=2)), *(o for o, _ in attributes)])
    return Facts(tuple(objects), tuple(attributes))


TEXT = st.lists(
    st.sampled_from(["a", "dog", "Rex", "lies.", "!", "There", "is", "<b>", "&amp;", "-"]),
    min_size=1,
    max_size=6,
).map(" ".join)
PIECE = st.lists(st.sampled_from(["a", "dog", "rug", "lies."]), min_size=1, max_size=5).map(
    " ".join
)
PARTS = st.lists(
    st.builds(Part, st.one_of(PIECE, PIECE.map(lambda text: f", {text}")), fact_sets()),
    max_size=4,
).map(lambda parts: parts[next((n for n, p in enumerate(parts) if not p.is_clause), len(parts)) :])


@pytest.fixture(scope="module")
def fused():
    """A function that fuses two captions by the facts that the shipped parser finds in them."""
    nlp = load_parser()

    def fuse_texts(raw, generated, max_words=56):
        [facts] = parse_captions(nlp, [raw])
        [parts] = find_parts(nlp, [generated])
        return fuse(raw, facts, parts, max_words)

    return fuse_texts


class TestFuse:
    @pytest.mark.parametrize(
        ("raw", "generated", "text"),
        [
            (
                "Barnwood Home Bar With Sink",
                "A wooden bar with two stools.",
                "Barnwood Home Bar With Sink. A wooden bar with two stools.",
            ),
            (
                "Two women ride horses.",
                "A sandy beach is behind them.",
                "Two women ride horses. A sandy beach is behind them.",
            ),
            ("a dog", "A brown dog lies on a red rug.", "A brown dog lies on a red rug."),
            ("There is a square.", "A small red square.", "There is a small red square."),
            (
                "There is a dog.",
                "A brown dog is lying on a rug.",
                "There is a brown dog lying on a rug.",
            ),
            ("photo of a dog", "a brown dog", "a brown dog"),
            ("a red rug", "a dog on a rug", "A red rug. A dog on a rug."),
            ("IMG_0001.JPG", "a brown dog", "a brown dog"),
            ("", "a brown dog", "a brown dog"),
            ("a brown dog", "a dog", "a brown dog"),
            ("a brown dog", "a dog. The dog is brown.", "a brown dog"),
            ("Rex &amp; Max | ", "A small dog.", "Rex & Max. A small dog."),
            ("Rex at home: a rug | Stock", "A rug.", "Rex at home: a rug | Stock"),
            (
                "Manuel Estates: Living room",
                "The living room has two chairs.",
                "Manuel Estates. The living room has two chairs.",
            ),
            ("BIG RED CHAIR", "A rug.", "Big red chair. A rug."),
            ("A big sofa", "A large couch on a rug.", "A large couch on a rug."),
            ("2018 Honda", "A red 2020 Honda.", "2018 Honda"),
            ("A dog", "The cover for. A rug.", "A dog. A rug."),
            ("<b>Rex</b> by J. Doe", "A small dog.", "Rex by J. Doe. A small dog."),
        ],
    )
    def test_two_captions_become_one(self, fused, raw, generated, text):
        assert fused(raw, generated).text == text

    def test_a_part_with_another_colour_of_the_same_object_is_left_out(self):
        parts = [
            Part("a black dog on a rug", BLACK.union(LIES)),
            Part("a red rug", RUG),
        ]
        written = fuse("a brown dog", BROWN, parts, 56)
        assert written == WrittenCaption(
            "A brown dog. A red rug.", CaptionSource.FUSED, BROWN.union(RUG)
        )

    def test_a_clause_is_left_out_with_the_part_that_it_continues(self):
        parts = [
            Part("a black dog", BLACK),
            Part(", lying on a rug", LIES),
            Part("a red rug", RUG),
        ]
        assert fuse("a brown dog", BROWN, parts, 56).text == "A brown dog. A red rug."

    def test_a_clause_without_new_facts_is_left_out(self):
        parts = [
            Part("A red rug", RUG),
            Part(", with a dog", DOG),
            Part("The dog lies on it.", LIES),
        ]
        assert fuse("a dog", DOG, parts, 56).text == "A red rug. The dog lies on it."

    def test_a_part_beyond_the_budget_is_left_out(self):
        parts = [Part("a brown dog lies here", BROWN), Part("a rug", Facts(("rug",)))]
        assert fuse("a dog", DOG, parts, 4).text == "A dog. A rug."

    def test_a_part_beyond_the_visible_text_is_left_out(self):
        parts = [Part("a red " + "rug " * 74, RUG), Part("a cat", Facts(("cat",)))]
        assert fuse("a dog", DOG, parts, 1000).text == "A dog. A cat."

    @given(raw=TEXT, raw_facts=fact_sets(), parts=PARTS, budget=st.integers(1, 12))
    def test_a_fused_caption_keeps_names_and_adds_facts_within_the_budget(
        self, raw, raw_facts, parts, budget
    ):
        written = fuse(raw, raw_facts, parts, budget)
        if written.source is CaptionSource.GENERATED:
            assert (len(raw_facts), has_names(raw)) == (0, False)
            return
        assert written.facts.union(raw_facts) == raw_facts.union(written.facts) == written.facts
        assert set(names_in(plain_caption(raw))) <= {*names_in(f"a {written.text}")}
        if written.source is CaptionSource.RAW:
            assert written == WrittenCaption(raw.strip(), CaptionSource.RAW, raw_facts)
        else:
            assert len(written.text.split()) <= budget
            assert visible_text(written.text) is None
            assert len(written.facts) > len(raw_facts)
            assert not contradicts(raw_facts, Facts((), tuple(set(written.facts.attributes))))


class TestOtherModes:
    @given(raw=TEXT, raw_facts=fact_sets(), parts=PARTS)
    def test_append_keeps_all_facts_of_both(self, raw, raw_facts, parts):
        written = append(raw, raw_facts, parts)
        assert written.text.lower().startswith(plain_caption(raw).lower())
        assert written.facts == raw_facts.union(*(part.facts for part in parts))
        assert written.source is CaptionSource.FUSED

    def test_replace_keeps_the_generated_parts_only(self):
        parts = [
            Part("a dog.", DOG),
            Part("a red rug", RUG),
            Part(", with a dog on it.", LIES),
        ]
        assert replace(parts) == WrittenCaption(
            "a dog. a red rug, with a dog on it.", CaptionSource.GENERATED, DOG.union(RUG, LIES)
        )
