"""Facts of two captions of one image that cannot both be true."""

import pytest

from evenpair.schemas.facts import Attribute, Facts
from evenpair.transforms.facts.contradicts import contradicts

DOG = Facts(("dog",))
RUG = Facts(("rug",), (Attribute("rug", "red"),))
BROWN = Facts(("dog",), (Attribute("dog", "brown"),))
BLACK = Facts(("dog",), (Attribute("dog", "black"),))


@pytest.mark.parametrize(
    ("raw", "part", "answer"),
    [
        (BROWN, BLACK, True),
        (BROWN, BROWN, False),
        (BROWN.union(BLACK), BLACK, False),
        (BROWN, RUG, False),
        (DOG, BLACK, False),
        (BROWN, Facts(("puppy",), (Attribute("puppy", "white"),)), True),
        (BROWN, Facts(("dog",), (Attribute("dog", "dark brown"),)), False),
        (BROWN, Facts(("dog",), (Attribute("dog", "big"),)), False),
        (
            Facts(("car",), (Attribute("car", "grey"),)),
            Facts(("car",), (Attribute("car", "gray"),)),
            False,
        ),
        (
            Facts(("kite",), (Attribute("kite", "green"),)),
            Facts(("kite",), (Attribute("kite", "yellow"), Attribute("kite", "green"))),
            False,
        ),
        (
            Facts(("kite",), (Attribute("kite", "green"),)),
            Facts(("kite",), (Attribute("kite", "yellow and green"),)),
            False,
        ),
        (
            Facts(("kite",), (Attribute("kite", "green"),)),
            Facts(("kite",), (Attribute("kite", "yellow"), Attribute("kite", "red"))),
            True,
        ),
        (
            Facts(("dog",), (Attribute("dog", "2"),)),
            Facts(("dog",), (Attribute("dog", "3"),)),
            True,
        ),
    ],
)
def test_another_colour_or_number_contradicts(raw, part, answer):
    assert contradicts(raw, part) is answer
