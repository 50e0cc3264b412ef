"""--pilot: which pairs are captioned first, and from which shards."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.source import Source
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.enrich.choose_pilot import choose_pilot, share_out


@given(
    st.dictionaries(st.text("abc", max_size=3), st.integers(0, 9)),
    st.integers(1, 30),
    st.integers(1, 5),
)
def test_shares_fill_batches_and_add_up(counts, count, at_once):
    shares = share_out(counts, count, at_once)
    assert sum(shares.values()) == min(count, sum(counts.values()))
    assert [name for name, share in shares.items() if share > counts[name]] == []
    partly = [n for n, share in shares.items() if share < counts[n] and share % at_once]
    assert len(partly) <= 1


def test_a_pilot_is_chosen_by_uid_alone():
    table = pa.table({"uid": [f"{number:032x}" for number in range(50)]})
    unit = Unit(Source(0, "s", "s.tar"), table, Tally(50))
    turned = Unit(unit.source, table.take(list(range(50))[::-1]), unit.tally)
    chosen = choose_pilot(unit, 20).table["uid"].to_pylist()
    assert len(chosen) == 20
    assert chosen == sorted(chosen)
    assert choose_pilot(turned, 20).table["uid"].to_pylist() == chosen[::-1]
    assert set(choose_pilot(unit, 9).table["uid"].to_pylist()) < set(chosen)
