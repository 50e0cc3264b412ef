"""Two captions as one text: names, titles, sentences and stock openings."""

import pytest

from evenpair.transforms.select.join_captions import has_names, join, names_in, stand_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Two Sides of the Kotel", ["Sides", "Kotel"]),
        ("A dog. The cat", []),
        ("“Paris” in spring", []),
        ("Christ before Pilate, Mihály Munkácsy", ["Pilate", "Mihály", "Munkácsy"]),
        ("VW T-ROC wheel", ["T-ROC"]),
        ("paris", []),
    ],
)
def test_names_are_capitalised_words_inside_a_sentence(text, names):
    assert names_in(text) == names


@pytest.mark.parametrize(
    ("text", "answer"), [("greetings from Paris", True), ("Stock Photo", False), ("a", False)]
)
def test_a_word_for_a_picture_does_not_count_as_a_name(text, answer):
    assert has_names(text) is answer


@pytest.mark.parametrize(
    ("raw", "generated", "joined"),
    [
        ("Sofa", "The sofa is red.", "Sofa: the sofa is red."),
        ("Sofa", "THE SIMPSONS", "Sofa: THE SIMPSONS"),
        ("Sofa", "IKEA makes it", "Sofa: IKEA makes it"),
        ("Sofa", "Dogs and cats", "Sofa: Dogs and cats"),
        ("Shop: sofa", "a sofa", "Shop: sofa. A sofa"),
        ("What a sofa!", "a sofa", "What a sofa! A sofa"),
        (" ".join(["sofa"] * 26), "a sofa", " ".join(["sofa"] * 26) + ". A sofa"),
        ("", "a sofa", "a sofa"),
        ("Sofa", "", "Sofa"),
    ],
)
def test_titles_and_sentences_are_joined(raw, generated, joined):
    assert join(raw, generated) == joined


def test_a_known_word_loses_its_capital():
    assert join("Sofa", "Men on it", frozenset({"men"})) == "Sofa: men on it"


@pytest.mark.parametrize(
    ("raw", "generated", "text"),
    [
        ("There are dogs", "Two dogs are there.", "There are two dogs there."),
        ("There is Rex", "Rex is brown", "Rex is brown"),
        ("A dog", "A brown dog", "A brown dog"),
    ],
)
def test_a_stock_opening_is_kept(raw, generated, text):
    assert stand_in(raw, generated) == text
