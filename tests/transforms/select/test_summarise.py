"""Measures of a corpus before and after a selection, and the random sample of references."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from evenpair.schemas.source import Source
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.select.judge_pairs import PRESENCE
from evenpair.transforms.select.summarise import measures, tallies

ROWS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 400), st.booleans()), min_size=1, max_size=30
)


def unit_of(rows, presence=(), sampled=False):
    """Return decided pairs from rows of words, sixteenths of a bit, and whether they are kept."""
    count = len(rows)
    bits = [sixteenths / 16 for _, sixteenths, _ in rows]
    columns = {
        "words": pa.array([words for words, _, _ in rows], pa.int32()),
        "raw_bits": pa.array(bits, pa.float64()),
        "information_bits": [b + 1 for b in bits],
        "raw_object_share": [0.5] * count,
        "object_share": [0.25] * count,
        "imbalance_before": [0.5] * count,
        "imbalance_after": [0.125] * count,
        "image_bits": [40.0] * count,
        "coverage": [0.25] * count,
        "agreement": pa.nulls(count, pa.float64()),
        "language": ["en"] * count,
        "caption_source": ["raw"] * count,
        "uid": [f"{at:032x}" for at in range(count)],
        "reason": pa.array([None if kept else "where" for _, _, kept in rows], pa.string()),
        "sampled": pa.array([sampled] * count, pa.bool_()),
    }
    counts = presence or [0] * len(PRESENCE)
    columns |= {n: pa.array([c] * count, pa.int32()) for n, c in zip(PRESENCE, counts, strict=True)}
    return Unit(Source(0, "s", "s.tar"), pa.table(columns), Tally(count))


@given(rows=ROWS, at=st.integers(0, 30))
def test_the_measures_do_not_depend_on_how_the_corpus_is_split(rows, at):
    parts = [tallies(unit_of(part)) for part in (rows[at:], rows[:at])]
    assert measures(parts) == measures([tallies(unit_of(rows))])


@given(rows=ROWS)
def test_the_rank_correlation_is_that_of_spearman(rows):
    found = measures([tallies(unit_of(rows))])["rank_correlation"]
    words, bits, _ = zip(*rows, strict=True)
    if len(set(words)) > 1 and len(set(bits)) > 1:
        assert found == pytest.approx(spearmanr(words, bits).statistic)
    else:
        assert found is None


def test_measures_before_cover_all_pairs_and_after_the_kept_ones():
    rows = [(3, 160, True), (1, 16, False), (2, 32, True)]
    summary = measures([tallies(unit_of(rows))])
    assert (summary["pairs"], summary["kept"]) == (3, 2)
    assert summary["bits_before"]["0.5"] == 2
    assert summary["bits_after"]["0.5"] == 3
    assert summary["object_share_after"]["0.5"] == 0.25
    assert summary["imbalance_after"]["0.9"] == 0.125
    assert summary["image_bits"]["0.1"] == 40
    assert (summary["coverage"]["0.5"], summary["agreement"]) == (0.25, None)
    assert (summary["reason"], summary["decided"]) == ({"where": 1}, {})


@pytest.mark.parametrize(
    ("rows", "share"),
    [
        ([(9, 0, True), (1, 0, False)], 1.0),
        ([(9, 0, False), (1, 0, True)], 0.0),
        ([(5, 0, True), (5, 0, False)], 0.5),
        ([(9, 0, True), (5, 0, True), (5, 0, False)], 0.75),
        ([(9, 0, False)], None),
    ],
)
def test_the_share_that_a_filter_by_words_would_keep_too(rows, share):
    assert measures([tallies(unit_of(rows))])["kept_by_words_too"] == share


def test_presence_is_measured_in_the_random_sample_if_there_is_one():
    enriched = tallies(unit_of([(1, 16, True)], [4, 2, 4, 1, 0, 0]))
    sampled = tallies(unit_of([(1, 16, True)], [4, 3, 4, 2, 2, 0], sampled=True))
    alone, both = measures([enriched]), measures([enriched, sampled])
    assert alone["presence"] == {"objects": 0.5, "attributes": 0.25, "relations": None}
    assert (alone["presence_bias"], alone["presence_basis"]) == (0.25, "enriched")
    assert both["presence"] == {"objects": 0.75, "attributes": 0.5, "relations": 0.0}
    assert (both["presence_bias"], both["presence_basis"]) == (0.25, "sample")


def test_without_references_presence_is_unknown():
    summary = measures([tallies(unit_of([(1, 16, True)]))])
    assert (summary["presence_bias"], summary["presence_basis"]) == (None, None)


@given(rows=ROWS)
def test_tallies_are_whole_numbers(rows):
    counts = tallies(unit_of(rows, [4, 3, 4, 2, 2, 0]))
    assert len(counts) > 5
    assert [name for name, count in counts.items() if type(count) is not int] == []
