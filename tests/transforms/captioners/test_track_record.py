"""When the failures of a model end the work."""

import pytest

from evenpair.schemas.errors import EvenpairError
from evenpair.transforms.captioners.track_record import TrackRecord

from ...support.messages import raises_naming


def failures_until_the_end(record, most=100):
    """How many failures in a row it takes; ``most`` if that is not enough."""
    for number in range(1, most):
        try:
            record.failed("m", ValueError("no\nmore"))
        except EvenpairError:
            return number
    return most


@pytest.mark.parametrize(
    ("max_share", "answered", "failures"),
    [
        (0.0, 0, 16),
        (0.0, 50, 16),
        (0.5, 0, 16),
        (0.5, 10, 16),
        (0.5, 20, 21),
        (0.9, 10, 91),
        (1.0, 0, 16),
        (1.0, 1, 100),
    ],
)
def test_failures_in_a_row(max_share, answered, failures):
    assert failures_until_the_end(TrackRecord(max_share, answered)) == failures


def test_answers_now_and_earlier():
    record = TrackRecord(0.5)
    assert failures_until_the_end(record, 10) == 10
    record.succeeded(1)
    record.known(29)
    assert failures_until_the_end(record) == 31


def test_the_message_has_the_model_and_its_words():
    record = TrackRecord()
    with raises_naming(EvenpairError, "'m'", "16", "no"):
        for _ in range(16):
            record.failed("m", ValueError("no\nmore"))
    assert record.last_error == "no"
