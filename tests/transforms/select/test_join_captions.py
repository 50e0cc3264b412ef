"""Two captions as one text: names, titles, sentences and stock openings."""

import pytest

from evenpair.transforms.select.join_captions import (
    has_names,
    join,
    names_in,
    plain_caption,
    stand_in,
    without_repeats,
)


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
        ("Sofa", "The sofa is red.", "Sofa. The sofa is red."),
        ("sofa", "IKEA makes it", "Sofa. IKEA makes it."),
        ("iPad stand", "iPad", "iPad stand. iPad."),
        ("A LARGE SOFA", "a sofa", "A large sofa. A sofa."),
        ("IKEA SOFA", "a sofa", "IKEA SOFA. A sofa."),
        ("Shop: sofa |", "a sofa", "Shop: sofa. A sofa."),
        ("What a sofa!", "a sofa", "What a sofa! A sofa."),
        ("", "a sofa", "A sofa."),
        ("Sofa", "", "Sofa."),
    ],
)
def test_titles_and_sentences_are_joined(raw, generated, joined):
    assert join(raw, generated) == joined


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("Barnwood: Home bar", "Barnwood"),
        ("Home bar - Barnwood", "Home bar - Barnwood"),
        ("Rex on a rug | stock photo", "Rex on a rug"),
        ("Oak table - oak, table", "Oak table"),
        ("Home bar", "Home bar"),
    ],
)
def test_segments_that_repeat_what_is_known_are_left_out(raw, kept):
    assert without_repeats(raw, "A home bar with stools.") == kept


def test_lost_letters_and_doubled_quotes_are_mended():
    assert plain_caption('"A ""big"" \ufffd\ufffd dog"') == 'A "big" dog'


@pytest.mark.parametrize(
    ("raw", "generated", "text"),
    [
        ("There are dogs", "Two dogs are there.", "There are two dogs there."),
        ("There is Rex", "Rex is brown", "Rex is brown"),
        ("A dog", "A brown dog", "A brown dog"),
    ],
)
def test_a_stock_opening_is_kept(raw, generated, text):
    assert stand_in(raw, addition=generated) == text
