"""The random sample of pairs that are captioned whether sparse or not."""

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.source import Source
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.enrich.reference_sample import (
    NONE,
    SampleReferences,
    is_sampled,
    smallest,
    threshold,
)


def scores(numbers, language="en"):
    columns = {"uid": [f"{n:032x}" for n in numbers], "language": [language] * len(numbers)}
    schema = pa.schema([("uid", pa.string()), ("language", pa.string())])
    return Unit(Source(0, "s", "s.tar"), pa.table(columns, schema=schema), Tally(len(numbers)))


@given(
    numbers=st.lists(st.integers(0, 99), unique=True), at=st.integers(0, 99), n=st.integers(1, 20)
)
def test_a_sample_has_its_size_however_the_corpus_is_split(numbers, at, n):
    parts = [scores(numbers[at:]), scores(numbers[:at])]
    last = threshold([smallest(part, n) for part in parts], n)
    chosen = [is_sampled(part.table, last) for part in parts]
    assert sum(map(np.sum, chosen)) == min(n, len(numbers))
    assert last == threshold([smallest(scores(numbers), n)], n)


def test_captions_in_other_languages_are_not_sampled():
    japanese = scores([1, 2], "ja")
    assert threshold([smallest(japanese, 2)], 2) == NONE
    assert is_sampled(japanese.table, 2**63 - 1).tolist() == [False, False]


def test_a_sample_may_be_larger_than_the_corpus():
    unit = scores(range(40))
    last = threshold([smallest(unit, 1000)], 1000)
    assert is_sampled(unit.table, last).all()
    with beam.Pipeline() as root:
        assert_that(root | beam.Create([unit]) | SampleReferences(1000), equal_to([last]))
