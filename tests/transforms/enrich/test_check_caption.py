"""What a captioner answers: what it says, or why it must not be used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.fault import Fault
from evenpair.transforms.enrich.check_caption import check_caption
from evenpair.transforms.text.split_sentences import LONG_SENTENCE, split_clauses, split_sentences

LOOPS = [
    "a man in a man in a man in a man",
    "a dog and " * 6,
    "a cat on a mat, red red red red",
    "He rides. " + "she rides a horse by the sea " * 3,
]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("a dog on a rug", "a dog on a rug"),
        ("  a dog\n on a rug ", "a dog. on a rug"),
        ("The image shows a dog.", "A dog."),
        ("a picture of two dogs", "two dogs"),
        ("This photograph depicts an image of a dog", "A dog"),
        ("In this image, we can see two dogs.", "Two dogs."),
        ("Sure! Here's a caption for the image: A dog runs.", "A dog runs."),
        ("This is a photograph of a man.", "A man."),
        ("A view of St. Mary's church. It is old.", "A view of St. Mary's church. It is old."),
        ("ASSISTANT: **A cat**", "A cat"),
        ("<|im_start|>assistant\nA dog.<|im_end|>", "A dog."),
        ("- A cat\n- A dog", "A cat. A dog"),
        ('"A dog."', "A dog."),
        ('"Stop" on a red sign', '"Stop" on a red sign'),
        ("araffe dog on a rug", "dog on a rug"),
        ("A dog. A dog. A cat.", "A dog. A cat."),
        ("a very very small dog", "a very very small dog"),
        ("A dog, a cat,", "A dog, a cat"),
    ],
)
def test_what_is_no_part_of_a_caption_is_taken_away(answer, text):
    assert check_caption(answer, is_cut=False) == (text, None)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("", Fault.EMPTY),
        (" ... ", Fault.EMPTY),
        ("</s>", Fault.EMPTY),
        ("The image shows", Fault.EMPTY),
        ("I'm sorry, I can't help with that.", Fault.REFUSED),
        ("As an AI language model, I see no image.", Fault.REFUSED),
        ("A dog sits on a", Fault.CUT_OFF),
        ("A dog, a cat,", Fault.CUT_OFF),
        ("собака на ковре", Fault.OTHER_LANGUAGE),
        *((loop, Fault.REPEATING) for loop in LOOPS),
    ],
)
def test_an_answer_that_cannot_be_used_has_a_fault(answer, fault):
    assert check_caption(answer) == ("", fault)


@pytest.mark.parametrize(
    ("answer", "is_cut", "checked"),
    [
        ("A dog sits. The rug is red", True, ("A dog sits.", None)),
        ("A dog sits. The rug is red", None, ("A dog sits.", None)),
        ("A dog sits. The rug is red", False, ("A dog sits. The rug is red", None)),
        ("A dog sits. The rug is", False, ("A dog sits.", None)),
        ("A dog sits on a rug", True, ("", Fault.CUT_OFF)),
        ("A dog sits on a rug", None, ("A dog sits on a rug", None)),
        ("A dog sits on a rug.", True, ("A dog sits on a rug.", None)),
    ],
)
def test_an_unfinished_sentence_is_left_out(answer, is_cut, checked):
    assert check_caption(answer, is_cut=is_cut) == checked


@pytest.mark.parametrize(
    ("answer", "checked"),
    [
        ("Describe this image.\nA dog.", ("A dog.", None)),
        ("describe this image. Answer: a dog", ("a dog", None)),
        ("Describe this image.", ("", Fault.ECHOED_PROMPT)),
        ("A dog.", ("A dog.", None)),
    ],
)
def test_an_echo_of_the_prompt_is_taken_away(answer, checked):
    assert check_caption(answer, prompt="Describe this image.") == checked


@given(answer=st.text(max_size=80), is_cut=st.sampled_from([None, True, False]))
def test_every_answer_has_a_text_or_a_fault(answer, is_cut):
    text, fault = check_caption(answer, prompt="a photo of", is_cut=is_cut)
    assert (text == "") == (fault is not None)


def test_an_answer_of_a_megabyte_is_cut():
    text, fault = check_caption(" ".join(f"dog {n}." for n in range(200_000)))
    assert (fault, len(text) <= 10_000) == (None, True)


@given(words=st.lists(st.sampled_from(["dog", "dog.", "Mr.", "a", "red!", "U.S."]), max_size=12))
def test_sentences_joined_are_the_text(words):
    text = " ".join(words)
    assert " ".join(split_sentences(text)) == text


@pytest.mark.parametrize(
    ("sentence", "clauses"),
    [
        ("a dog, holding a stick", ["a dog, holding a stick"]),
        (
            "A man in a black jacket stands on a beach, holding a red surfboard, while two "
            "children play in the sand behind him.",
            [
                "A man in a black jacket stands on a beach",
                ", holding a red surfboard",
                ", while two children play in the sand behind him.",
            ],
        ),
        (
            "A man in a black jacket stands on a wide and sunny beach, and so on, with a very red "
            "surfboard",
            [
                "A man in a black jacket stands on a wide and sunny beach",
                ", and so on",
                ", with a very red surfboard",
            ],
        ),
    ],
)
def test_only_a_long_sentence_has_clauses(sentence, clauses):
    assert (len(sentence.split()) > LONG_SENTENCE) == (len(clauses) > 1)
    assert split_clauses(sentence) == clauses
    assert "".join(clauses) == sentence
