"""Batches for a captioner: those that are too large or fail are split."""

import pytest
from PIL import Image

from evenpair.schemas.errors import EvenpairError
from evenpair.schemas.fault import Fault
from evenpair.transforms.captioners.ask_captioner import Asker, prepare_question
from evenpair.transforms.captioners.captioner import Answer

from ...support.fake_captioner import FakeCaptioner
from ...support.messages import raises_naming


@pytest.mark.parametrize("most", [1, 2, 3, 5, 8])
def test_a_batch_that_is_too_large_is_halved_until_it_fits(most):
    captioner = FakeCaptioner(batch_size=8, most=most)
    asker = Asker(captioner)
    pictures = [Image.new("L", (n + 1, 1)) for n in range(8)]
    for _ in range(2):
        answers = asker.ask(prepare_question(pictures, captioner))
        assert [answer.text for answer in answers] == [f"{n + 1} x 1" for n in range(8)]
    sizes = [len(batch) for batch in captioner.batches]
    failed = [size for size in sizes if size > most]
    assert failed == sorted(set(failed), reverse=True)  # no size is tried twice


def test_an_image_that_the_model_fails_on_gets_a_fault_and_the_others_an_answer():
    captioner = FakeCaptioner(batch_size=8, fails_on=[(3, 1)])
    pictures = [Image.new("L", (n + 1, 1)) for n in range(8)]
    answers = Asker(captioner).ask(prepare_question(pictures, captioner))
    expected = [Answer(f"{n + 1} x 1") for n in range(8)]
    expected[2] = Answer(None, Fault.MODEL_FAILED)
    assert answers == expected


def test_a_model_that_fails_on_every_image_is_an_error():
    captioner = FakeCaptioner(batch_size=32, fails_on=[(1, 1)])
    pictures = [Image.new("L", (1, 1))] * 32
    with raises_naming(EvenpairError, "'me'", "an image that the model fails on"):
        Asker(captioner).ask(prepare_question(pictures, captioner))


def test_an_error_of_a_service_is_raised_as_it_is():
    captioner = FakeCaptioner()

    def fail(_prepared):
        raise EvenpairError("it is gone")

    captioner.caption = fail
    with pytest.raises(EvenpairError, match="it is gone"):
        Asker(captioner).ask(prepare_question([Image.new("L", (1, 1))] * 4, captioner))
