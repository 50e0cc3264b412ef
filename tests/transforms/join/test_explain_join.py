"""Why captions from elsewhere found no pair."""

import pyarrow as pa
import pytest

from evenpair.transforms.join.explain_join import explain_join

from ...support.messages import unnamed


@pytest.mark.parametrize(
    ("on", "sample", "named"),
    [
        ("uid", {"uid": ["x"], "url": ["u1", "v"]}, ["--join url", "1", "2"]),
        ("url", {"url": ["HTTP://www.e.invalid/a.jpg?w=9"]}, ["url", "http", "https"]),
        ("uid", {"uid": ["s1"]}, ["uid", "sha256"]),
        ("uid", {"uid": ["000000001"]}, ["uid", "key"]),
        ("url", {"url": ["q"], "key": ["000000001"]}, ["key"]),
        ("url", {"url": []}, ["url"]),
        ("uid", {"uid": ["q"]}, ["uid", "q", "0a"]),
    ],
)
def test_the_columns_and_values_that_matter_are_named(on, sample, named):
    pairs = {"uid": ["0a"], "sha256": ["s1"], "url": ["u1"], "key": ["000000001"]}
    other = {**pairs, "sha256": [None], "url": ["https://e.invalid/a.jpg"]}
    tables = [pa.table(pairs), pa.table(other).cast(pa.table(pairs).schema)]
    captions = {name: pa.array(values, pa.string()) for name, values in sample.items()}
    assert unnamed(explain_join(captions, lambda: tables, on), *named) == []


def test_a_run_without_hashes_is_told_how_to_get_them():
    columns = {"uid": ["0a"], "sha256": [None], "url": ["u"], "key": ["k"]}
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    reason = explain_join({"sha256": pa.array(["s"])}, lambda: [table], "sha256")
    assert unnamed(reason, "img2dataset --compute_hash sha256") == []
