"""Stock phrases, emphasis and article numbers are removed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.models.load_parser import load_parser
from evenpair.transforms.facts.parse_captions import parse_captions
from evenpair.transforms.text.strip_padding import strip_padding, without_article_numbers


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ("high quality stock photo of a really big dog , free shipping", "a big dog"),
        ("a man with a horse hd wallpaper", "a man with a horse"),
        ("a man on a horse buy now", "a man on a horse"),
        ("as you can see a man on a horse", "a man on a horse"),
        ("in this picture we can see a dog", "a dog"),
        ("a dog photo by john smith", "a dog"),
        ("picture 1 of 12", ""),
        ("a dog , hd , best price online", "a dog"),
        ("click here for more info", ""),
        ("wallpaper behind the vase", "wallpaper behind the vase"),
        ("a lamp , a picture , a bed", "a lamp , a picture , a bed"),
        ("a man looking at a picture", "a man looking at a picture"),
        ("bananas for sale on the ground", "bananas for sale on the ground"),
        ("a free range hen", "a free range hen"),
        ("", ""),
    ],
)
def test_stock_phrases_and_emphasis_are_removed(sentence: str, left: str):
    assert strip_padding(sentence) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("red kettle sku 4482-ax", "red kettle"),
        ("red kettle #48213", "red kettle"),
        ("item 93821 red kettle", "red kettle"),
        ("red kettle ref. 99812", "red kettle"),
        ("the number 42218 on an engine", "the number 42218 on an engine"),
        ("part of a dog", "part of a dog"),
        ("no 4 dogs", "no 4 dogs"),
    ],
)
def test_article_numbers_are_removed_with_their_labels(text: str, left: str):
    assert " ".join(without_article_numbers(text).split()) == left


@given(st.lists(st.sampled_from("stock photo hd , and a really buy now dog free - of".split())))
def test_no_word_is_added(words: list[str]):
    left = strip_padding(" ".join(words))
    assert set(left.split()) <= set(words)


def test_a_sentence_of_one_pronoun_can_be_parsed():
    captions = ["A dog lies on a rug. It really. Its."]
    (facts,) = parse_captions(load_parser(), captions)
    assert facts.objects == ("dog", "rug")
