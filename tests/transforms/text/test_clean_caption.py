"""Cleaning: markup, marks and file names go, sentences in lower case stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.text.clean_caption import MAX_WORDS, clean_caption, plain_text


@pytest.mark.parametrize(
    ("caption", "sentences"),
    [
        ("", []),
        ("A brown dog.", ["a brown dog"]),
        ("A DOG, A CAT", ["a dog , a cat"]),
        ("a man's hat", ["a man 's hat"]),
        ("the man’s hat isn’t red", ["the man 's hat isn't red"]),
        ("One dog. Two cats!", ["one dog", "two cats"]),
        ("Sofa | Store", ["sofa | store"]),
        ("Red Sofa - The Best Store", ["red sofa | the best store"]),
        ("Sunshine (DVD)", ["sunshine | dvd"]),
        ("R&amp;B <b>singer</b><br>on stage", ["r and b | singer | on stage"]),
        ("salt & pepper", ["salt and pepper"]),
        ("black/white t-shirt w/ logo", ["black , white t-shirt with logo"]),
        ("IMG_1234.JPG", []),
        ("https://example.org/a.jpg a dog", ["a dog"]),
        ("sharp lc-19le510k tv", ["sharp tv"]),
        ("boots 389606", ["boots"]),
        ("clock at 4:55", ["clock at 4:55"]),
        ("what-a-dog-can-do-21770793", ["what a dog can do"]),
        ("A photo of a cat", ["a cat"]),
        ("The image shows a cat.", ["a cat"]),
        ("a picture on a wall", ["a picture on a wall"]),
        ("a red barn royalty free stock photo", ["a red barn"]),
        ('a sign that says "stop"', ['a sign that says " stop "']),
        ("a sign “St. 12b34” there", ['a sign " st 12b34 " there']),
        ('a 5" disk', ["a 5 disk"]),
        ("\U0001f600 dog \0 bowl", ["dog bowl"]),
        ("---", []),
        ("кошка на столе", ["кошка на столе"]),
    ],
)
def test_a_caption_becomes_plain_sentences(caption, sentences):
    assert clean_caption(caption) == sentences


@given(st.text())
def test_every_string_becomes_lower_case_words_with_single_spaces(caption):
    sentences = clean_caption(caption)
    assert sentences == [" ".join(sentence.lower().split()) for sentence in sentences]
    assert "" not in sentences


@given(st.text(alphabet="abc ABC.,-'|", max_size=40))
def test_the_case_of_letters_does_not_matter(caption):
    assert clean_caption(caption.upper()) == clean_caption(caption)


def test_a_long_run_of_words_is_split_without_loss():
    sentences = clean_caption("".join(f"{'dog' if i % 7 else 'cat'} " for i in range(1000)))
    assert sum(len(sentence.split()) for sentence in sentences) == 1000
    assert max(len(sentence.split()) for sentence in sentences) <= MAX_WORDS


def test_plain_text_keeps_case_and_marks():
    assert plain_text("A Dog's Bed, <i>soft</i> | Shop &amp; Co.") == [
        "A Dog's Bed,",
        "soft",
        "Shop & Co.",
    ]
    assert plain_text("A DOG") == ["a dog"]
