"""What became of every pair: read is written plus rejected, for each source shard."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from ...schemas.errors import EvenpairError
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunEntry, RunTable
from ...schemas.shard_tables import ShardTally, shard_tally
from ...schemas.source import Source
from ...schemas.tables import ACCOUNTING
from ...schemas.unit import Tally, tally_of
from ...storage import files
from ...transforms.select.plan_shards import OutputShard, load_plan
from ...transforms.write.write_shards import shard_path


@dataclass(slots=True)
class Account:
    """What became of the pairs of one source."""

    tally: Tally
    written: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def error(self) -> str | None:
        """Return what does not add up, None if everything does."""
        left = self.written + self.rejected.total()
        if left != self.tally.pairs_read:
            return f"{self.tally.pairs_read} pairs were read, {left} are accounted for"
        successes = self.tally.source_successes
        if self.tally.fault is None and successes not in (None, self.tally.pairs_read):
            return f"its statistics count {successes} pairs, it holds {self.tally.pairs_read}"
        return None


def account(run_dir: RunDirectory, sources: Iterable[Source]) -> dict[str, Account]:
    """Return the account of each source, by its name.

    What was read is what ``score`` noted, what was rejected are rows of tables, what was written is
    what each shard counted as it was written. Raises EvenpairError if a shard holds another number
    of samples than it counted.
    """
    sources = list(sources)
    tallies = files.each(lambda source: tally(run_dir, source), sources)
    accounts = {s.name: Account(found) for s, found in zip(sources, tallies, strict=True)}
    paths = files.find_in(run_dir.path(RunEntry.REJECTIONS.path), "*.parquet")
    for rejected in files.each(_rejected, paths):
        for (name, reason), count in rejected.items():
            accounts[name].rejected[reason] += count
    for shard in files.each(
        lambda shard: _counted(run_dir, shard), load_plan(sources, run_dir.plan)
    ):
        for name, written in shard.written.items():
            accounts[name].written += written
    return accounts


def members_left_out(run_dir: RunDirectory, sources: Iterable[Source]) -> dict[str, int]:
    """Return how many members of samples were not written, by field."""
    left_out: Counter[str] = Counter()
    for shard in files.each(lambda s: _counted(run_dir, s), load_plan(list(sources), run_dir.plan)):
        left_out.update(shard.left_out)
    return dict(sorted(left_out.items()))


def _rejected(path: str) -> Counter[tuple[str, str]]:
    """Return how many pairs a table of rejections has of each source, by their reason."""
    table = files.read_table(path, ["shard", "reason"])
    counted = table.group_by(["shard", "reason"]).aggregate([([], "count_all")]).to_pylist()
    return Counter({(row["shard"], row["reason"]): row["count_all"] for row in counted})


def tally(run_dir: RunDirectory, source: Source) -> Tally:
    """Return what ``score`` noted of a source as a whole."""
    return tally_of(files.read_schema(run_dir.table(RunTable.SCORES, source.name)))


def _counted(run_dir: RunDirectory, shard: OutputShard) -> ShardTally:
    """Return what a shard counted as it was written; it must hold as much."""
    path = shard_path(run_dir, shard.number)
    with files.open_table(f"{path}.parquet") as file:
        counted, rows = shard_tally(file.schema_arrow), file.metadata.num_rows
    successes = json.loads(files.read_bytes(f"{path}_stats.json"))["successes"]
    if not rows == successes == sum(counted.written.values()):
        counts = f"table {rows}, statistics {successes}, sources {sum(counted.written.values())}"
        raise EvenpairError(f"{path}: its counts of samples differ: {counts}")
    return counted


def keep_accounts(run_dir: RunDirectory, accounts: dict[str, Account]) -> None:
    """Write the accounts to the run directory. Raises EvenpairError if one does not add up."""
    rows = [
        {
            "shard": name,
            "source_successes": found.tally.source_successes,
            "pairs_read": found.tally.pairs_read,
            "pairs_written": found.written,
            "pairs_rejected": found.rejected.total(),
            "rejected": sorted(found.rejected.items()),
        }
        for name, found in accounts.items()
    ]
    files.write_table(run_dir.accounting, pa.Table.from_pylist(rows, schema=ACCOUNTING))
    for name, found in accounts.items():
        if error := found.error():
            raise EvenpairError(f"{name}: {error}")


def total_counts(accounts: dict[str, Account]) -> dict[str, object]:
    """Return the counts of the whole run."""
    rejected: Counter[str] = Counter()
    for found in accounts.values():
        rejected.update(found.rejected)
    return {
        "pairs_read": sum(found.tally.pairs_read for found in accounts.values()),
        "pairs_written": sum(found.written for found in accounts.values()),
        "rejected": dict(sorted(rejected.items())),
    }
