"""--max-captions: the sparsest pairs get a caption, whatever shards they are in."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.enrich.caption_budget import find_budget, is_within


@given(
    st.lists(st.lists(st.tuples(st.sampled_from([0.0, 3.0, 3.0001, 8.5]), st.booleans()))),
    st.integers(0, 12),
)
def test_the_budget_does_not_depend_on_how_the_corpus_is_split(parts, count):
    flat = [(bits, sparse) for part in parts for bits, sparse in part]
    ids = iter(np.random.default_rng(0).permutation(len(flat)).tolist())
    schema = pa.schema(
        [("uid", pa.string()), ("sparse", pa.bool_()), ("information_bits", pa.float64())]
    )
    tables = [
        pa.Table.from_pylist(
            [{"uid": f"{next(ids):032x}", "sparse": s, "information_bits": b} for b, s in part],
            schema=schema,
        )
        for part in parts
    ]
    budget = find_budget(lambda: tables, count)
    chosen = [row["uid"] for t in tables for row in t.filter(is_within(t, budget)).to_pylist()]
    sparse = [row for t in tables for row in t.to_pylist() if row["sparse"]]
    sparse.sort(key=lambda row: (row["information_bits"], row["uid"]))
    assert sorted(chosen) == sorted(row["uid"] for row in sparse[:count])
