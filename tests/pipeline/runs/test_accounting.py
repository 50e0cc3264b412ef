"""Every pair that was read is written or rejected; counts that do not add up are an error."""

from collections import Counter

import pyarrow.parquet as pq
import pytest

from evenpair.pipeline.runs.accounting import Account, keep_accounts, total_counts
from evenpair.pipeline.runs.record import Counts
from evenpair.schemas.errors import EvenpairError
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.shard_tables import ShardTally
from evenpair.schemas.unit import Tally

from ...support.messages import numbers_in, raises_naming


@pytest.mark.parametrize(
    ("tally", "written", "rejected", "numbers"),
    [
        (Tally(3), 2, {"no-caption": 1}, None),
        (Tally(3, 3), 2, {"no-caption": 1}, None),
        (Tally(0), 0, {}, None),
        (Tally(3), 2, {}, [3, 2]),
        (Tally(3), 3, {"no-caption": 1}, [3, 4]),
        (Tally(3, 4), 3, {}, [4, 3]),
        (Tally(3, 4, "cut short"), 3, {}, None),
        (Tally(3, 4, "cut short"), 2, {}, [3, 2]),
    ],
)
def test_counts_that_do_not_add_up_are_named(tally, written, rejected, numbers):
    error = Account(tally, written, Counter(rejected)).error()
    assert (error and numbers_in(error)) == numbers


def test_accounts_are_kept_before_an_error_is_raised(tmp_path):
    accounts = {"a": Account(Tally(2), 2), "b": Account(Tally(2), 1, Counter({"where": 2}))}
    with raises_naming(EvenpairError, "b: ", 2, 3):
        keep_accounts(RunDirectory(str(tmp_path)), accounts)
    rows = pq.read_table(tmp_path / "accounting.parquet").to_pylist()
    assert [(r["shard"], r["pairs_written"], r["pairs_rejected"]) for r in rows] == [
        ("a", 2, 0),
        ("b", 1, 2),
    ]
    assert total_counts(accounts, [ShardTally({}, {"pyd": 1})]) == Counts(
        pairs_read=4, pairs_written=3, rejected={"where": 2}, members_left_out={"pyd": 1}
    )
