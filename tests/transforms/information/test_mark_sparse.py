"""Sparse captions: those with less than a share of the full level."""

import pyarrow as pa
import pytest

from evenpair.schemas.tables import SCORES
from evenpair.transforms.enrich.choose_sparse import choose_sparse
from evenpair.transforms.information.mark_sparse import mark_sparse

from ...support.judged_pairs import DOG, NOTHING, bits, scored


def test_less_than_half_of_the_full_level_is_sparse():
    unit = scored(("a dog", DOG), ("", NOTHING), ("犬がいる", NOTHING, "ja"))
    assert unit.table["sparse"].to_pylist() == [bits(DOG) < 10, True, False]
    assert unit.table["imbalance"].to_pylist() == [
        pytest.approx(1 - bits(DOG) / 20),
        1.0,
        None,
    ]
    assert choose_sparse(unit).table["key"].to_pylist() == ["k0", "k1"]


def test_a_caption_at_the_threshold_is_not_sparse():
    unit = scored(("a dog", DOG))
    assert mark_sparse(unit, bits(DOG) * 2, 0.5).table["sparse"].to_pylist() == [False]
    assert mark_sparse(unit, bits(DOG) * 2.1, 0.5).table["sparse"].to_pylist() == [True]


def test_columns_keep_the_order_of_the_schema_with_others_last():
    unit = scored(("a dog", DOG))
    unit = unit.with_columns(["exif"], [pa.array(["{}"])]).with_order(["exif", *SCORES.names])
    assert mark_sparse(unit, 1, 0.5).table.column_names == [*SCORES.names, "exif"]
