"""The account of every pair: read = written + rejected, for each source shard."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from ...schemas.errors import EvenpairError
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunEntry, RunTable
from ...schemas.shard_tables import ShardTally, shard_tally
from ...schemas.source import Source
from ...schemas.tables import ACCOUNTING
from ...schemas.unit import Tally, tally_of
from ...storage import files, parquet
from ...transforms.read.read_successes import read_successes
from ...transforms.select.plan_shards import OutputShard, load_plan
from ...transforms.write.write_shards import shard_path
from .record import Counts


@dataclass(slots=True)
class Account:
    """The pairs of one source: read, written and rejected by reason."""

    tally: Tally
    written: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def error(self) -> str | None:
        """Return the difference between the counts, None if they add up."""
        total = self.written + self.rejected.total()
        if total != self.tally.pairs_read:
            return f"{self.tally.pairs_read} pairs were read, {total} are accounted for"
        successes = self.tally.source_successes
        if self.tally.fault is None and successes not in (None, self.tally.pairs_read):
            return f"its statistics count {successes} pairs, it holds {self.tally.pairs_read}"
        return None


def account(
    run_dir: RunDirectory, sources: Sequence[Source], shards: Iterable[ShardTally]
) -> dict[str, Account]:
    """Return the account of each source, by its name; ``shards`` are those of the output.

    The pairs read are those that ``score`` counted, the rejected ones are rows of the tables of
    rejections, the written ones were counted by each shard.
    """
    tallies = files.each(lambda source: tally_of_source(run_dir, source), sources)
    accounts = {s.name: Account(tally) for s, tally in zip(sources, tallies, strict=True)}
    paths = files.find_in(run_dir.path(RunEntry.REJECTIONS.path), "*.parquet")
    for rejected in files.each(_rejected, paths):
        for (name, reason), count in rejected.items():
            accounts[name].rejected[reason] += count
    for shard in shards:
        for name, written in shard.written.items():
            accounts[name].written += written
    return accounts


def shard_tallies(run_dir: RunDirectory, sources: Sequence[Source]) -> list[ShardTally]:
    """Return the tally of each output shard.

    Raises EvenpairError if the table, statistics and counts of a shard differ.
    """
    plan = load_plan(sources, run_dir.plan)
    return files.each(lambda shard: _counted(run_dir, shard), plan)


def _rejected(path: str) -> Counter[tuple[str, str]]:
    """Return how many pairs a table of rejections has of each source, by their reason."""
    table = parquet.read_table(path, ["shard", "reason"])
    counted = table.group_by(["shard", "reason"]).aggregate([([], "count_all")]).to_pylist()
    return Counter({(row["shard"], row["reason"]): row["count_all"] for row in counted})


def tally_of_source(run_dir: RunDirectory, source: Source) -> Tally:
    """Return the tally of a source as ``score`` recorded it."""
    return tally_of(parquet.read_schema(run_dir.table(RunTable.SCORES, source.name)))


def _counted(run_dir: RunDirectory, shard: OutputShard) -> ShardTally:
    """Return the counts that a shard was written with. Raises EvenpairError if it holds others."""
    path = shard_path(run_dir, shard.number)
    with parquet.open_table(f"{path}.parquet") as file:
        counted, rows = shard_tally(file.schema_arrow), file.metadata.num_rows
    successes = read_successes(f"{path}_stats.json")
    if not rows == successes == sum(counted.written.values()):
        counts = f"table {rows}, statistics {successes}, sources {sum(counted.written.values())}"
        raise EvenpairError(f"{path}: its counts of samples differ: {counts}")
    return counted


def keep_accounts(run_dir: RunDirectory, accounts: dict[str, Account]) -> None:
    """Write the accounts to the run directory. Raises EvenpairError if one does not add up."""
    rows = [
        {
            "shard": name,
            "source_successes": entry.tally.source_successes,
            "pairs_read": entry.tally.pairs_read,
            "pairs_written": entry.written,
            "pairs_rejected": entry.rejected.total(),
            "rejected": sorted(entry.rejected.items()),
        }
        for name, entry in accounts.items()
    ]
    parquet.write_table(run_dir.accounting, pa.Table.from_pylist(rows, schema=ACCOUNTING))
    for name, entry in accounts.items():
        if error := entry.error():
            raise EvenpairError(f"{name}: {error}")


def total_counts(accounts: dict[str, Account], shards: Iterable[ShardTally]) -> Counts:
    """Return the counts of the whole run; ``shards`` are those of the output."""
    rejected: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    damaged: dict[str, str] = {}
    for shard in shards:
        left_out.update(shard.left_out)
        damaged |= shard.damaged
    for entry in accounts.values():
        rejected.update(entry.rejected)
    return Counts(
        pairs_read=sum(entry.tally.pairs_read for entry in accounts.values()),
        pairs_written=sum(entry.written for entry in accounts.values()),
        rejected=dict(sorted(rejected.items())),
        members_left_out=dict(sorted(left_out.items())),
        damaged_sources={name: damaged[name] for name in accounts if name in damaged},
    )
