"""Tables with columns of random types and values: read, or refused in one line."""

import json
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenpair.schemas.errors import EvenpairError
from evenpair.schemas.source import Source
from evenpair.schemas.tables import PAIRS
from evenpair.transforms.read.read_captions import read_captions, require_caption_field
from evenpair.transforms.read.stored_samples import read_stored
from evenpair.transforms.verify.verify_table import verify_table

from ..support.hub_tables import FILE
from ..support.shards import make_jpeg

pytestmark = pytest.mark.slow

ROWS = 3
NAMES = (
    "caption", "text", "captions", "txt", "key", "__key__", "uid", "url", "sha256", "width",
    "height", "status", "json", "image", "jpg", "png", "shard", "other_fields", "captions_raw",
    "source_key", "extra", "é\n",
)  # fmt: skip

INTEGERS = st.integers(-(2**62), 2**62)
TEXTS = st.text(max_size=4)
BYTES = st.binary(max_size=4) | st.just(make_jpeg(1))
FILES = st.fixed_dictionaries({"bytes": st.none() | BYTES, "path": st.none() | TEXTS})
OBJECTS = st.fixed_dictionaries({"caption": TEXTS, "key": INTEGERS, "raw": st.lists(TEXTS)})
OBJECT = pa.struct([("caption", pa.string()), ("key", pa.int64()), ("raw", pa.list_(pa.string()))])

KINDS = st.sampled_from(
    [
        (pa.string(), TEXTS),
        (pa.large_string(), TEXTS),
        (pa.string_view(), TEXTS),
        (pa.dictionary(pa.int32(), pa.string()), TEXTS),
        (pa.binary(), BYTES),
        (pa.large_binary(), BYTES),
        (pa.binary_view(), BYTES),
        (pa.binary(2), st.binary(min_size=2, max_size=2)),
        (pa.bool_(), st.booleans()),
        (pa.int64(), INTEGERS),
        (pa.uint8(), st.integers(0, 255)),
        (pa.float64(), st.floats()),
        (pa.float32(), st.floats(width=32)),
        (pa.decimal128(10, 2), st.decimals(-99, 99, places=2)),
        (pa.date32(), st.dates()),
        (pa.timestamp("us", "UTC"), st.integers(0, 2**40)),
        (pa.time64("us"), st.times()),
        (pa.null(), st.none()),
        (FILE, FILES),
        (OBJECT, OBJECTS),
        (pa.list_(pa.string()), st.lists(TEXTS, max_size=3)),
        (pa.list_(OBJECT), st.lists(OBJECTS, max_size=2)),
        (pa.list_(FILE), st.lists(FILES, max_size=2)),
        (pa.list_(pa.float32()), st.lists(st.floats(width=32), max_size=2)),
        (pa.map_(pa.string(), pa.binary()), st.lists(st.tuples(TEXTS, BYTES), max_size=2)),
        ("no UTF-8", BYTES),
    ]
)


@st.composite
def columns(draw):
    kind, values = draw(KINDS)
    rows = draw(st.lists(st.none() | values, min_size=ROWS, max_size=ROWS))
    if kind == "no UTF-8":
        return pa.array(rows, pa.binary()).view(pa.string())
    return pa.array(rows, kind)


@st.composite
def tables(draw):
    names = draw(st.lists(st.sampled_from(NAMES), max_size=6, unique=True))
    drawn = {name: draw(columns()) for name in names}
    if draw(st.booleans()):
        drawn["image"] = pa.array([{"bytes": make_jpeg(1), "path": "x"}] * ROWS, FILE)
    return pa.table(drawn)


@settings(
    max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    table=tables(),
    caption=st.just("") | st.sampled_from(NAMES),
    image=st.just("") | st.sampled_from(NAMES),
)
def test_any_table_is_read_or_refused_in_one_line(tmp_path, table, caption, image):
    path = str(tmp_path / "0.parquet")
    pq.write_table(table, path)
    source = Source(0, "s", path, image)
    with suppress(EvenpairError):
        require_caption_field(source, caption or "caption")
    unit = read_captions(source, caption, "longest")
    assert unit.table.schema.names[: len(PAIRS)] == PAIRS.names
    assert len({*unit.table.column_names}) == unit.table.num_columns
    unit.table.validate(full=True)
    assert unit.tally.pairs_read == unit.table.num_rows + len(unit.rejections)
    pq.write_table(unit.table, str(tmp_path / "unit.parquet"))
    keys = unit.table["key"].to_pylist()
    if keys:
        samples = list(read_stored(source, keys))
        assert sorted(sample.key for sample in samples) == sorted(keys)
        assert all(isinstance(json.loads(bytes(s.members["json"])), dict) for s in samples)
        assert all(sample.image is not None or sample.missing for sample in samples)
    assert "\n" not in (unit.tally.fault or "")
    verify_table(path, "0.parquet", decode=False)
