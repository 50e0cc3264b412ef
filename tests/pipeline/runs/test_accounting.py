"""Every pair that was read is written or rejected; what does not add up is an error."""

from collections import Counter

import pyarrow.parquet as pq
import pytest

from evenpair.pipeline.runs.accounting import Account, keep_accounts, total_counts
from evenpair.schemas.errors import EvenpairError
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.unit import Tally


@pytest.mark.parametrize(
    ("tally", "written", "rejected", "error"),
    [
        (Tally(3), 2, {"no-caption": 1}, None),
        (Tally(3, 3), 2, {"no-caption": 1}, None),
        (Tally(0), 0, {}, None),
        (Tally(3), 2, {}, "3 pairs were read, 2 are accounted for"),
        (Tally(3), 3, {"no-caption": 1}, "3 pairs were read, 4 are accounted for"),
        (Tally(3, 4), 3, {}, "its statistics count 4 pairs, it holds 3"),
        (Tally(3, 4, "cut short"), 3, {}, None),
        (Tally(3, 4, "cut short"), 2, {}, "3 pairs were read, 2 are accounted for"),
    ],
)
def test_what_does_not_add_up(tally, written, rejected, error):
    assert Account(tally, written, Counter(rejected)).error() == error


def test_accounts_are_kept_before_an_error_is_raised(tmp_path):
    accounts = {"a": Account(Tally(2), 2), "b": Account(Tally(2), 1, Counter({"where": 2}))}
    with pytest.raises(EvenpairError, match=r"^b: 2 pairs were read, 3 are accounted for$"):
        keep_accounts(RunDirectory(str(tmp_path)), accounts)
    rows = pq.read_table(tmp_path / "accounting.parquet").to_pylist()
    assert [(r["shard"], r["pairs_written"], r["pairs_rejected"]) for r in rows] == [
        ("a", 2, 0),
        ("b", 1, 2),
    ]
    assert total_counts(accounts) == {
        "pairs_read": 4,
        "pairs_written": 3,
        "rejected": {"where": 2},
    }
