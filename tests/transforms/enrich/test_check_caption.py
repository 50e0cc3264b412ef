"""Answers of a captioner: the caption, or the fault for which it is not used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.fault import Fault
from evenpair.transforms.enrich.check_caption import check_caption

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
def test_openings_marks_and_repetitions_are_removed(answer, text):
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
def test_an_unusable_answer_has_a_fault(answer, fault):
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
def test_an_unfinished_sentence_is_removed(answer, is_cut, checked):
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
def test_an_echo_of_the_prompt_is_removed(answer, checked):
    assert check_caption(answer, prompt="Describe this image.") == checked


@given(answer=st.text(max_size=80), is_cut=st.sampled_from([None, True, False]))
def test_every_answer_has_a_text_or_a_fault(answer, is_cut):
    text, fault = check_caption(answer, prompt="a photo of", is_cut=is_cut)
    assert (text == "") == (fault is not None)


def test_an_answer_of_a_megabyte_is_cut():
    text, fault = check_caption(" ".join(f"dog {n}." for n in range(200_000)))
    assert (fault, len(text) <= 10_000) == (None, True)
