import pytest

from evenpair.diagnostics.front_loading import front_loading
from evenpair.pipeline.facts import state_facts

SENTENCES = ["A street.", "A large red bus stands beside a wooden bench.", "A dog sleeps."]


def bits(text):
    (statement,) = state_facts([text])
    return statement.bits.information_bits


def test_the_share_is_that_of_the_first_sentence():
    text = " ".join(SENTENCES)
    expected = bits(SENTENCES[0]) / bits(text)
    assert front_loading([text]) == [pytest.approx(expected)]
    assert expected < 0.3


def test_what_comes_first_counts():
    late, early = front_loading([" ".join(SENTENCES), " ".join(SENTENCES[::-1])])
    middle_first = front_loading([" ".join([SENTENCES[1], SENTENCES[0], SENTENCES[2]])])[0]
    assert middle_first > max(late, early)


def test_one_sentence_is_all_and_nothing_is_none():
    assert front_loading([SENTENCES[1], "", "IMG_0042.JPG"]) == [1.0, None, None]
    assert front_loading([]) == []
