"""Shards -> findings: every header, text and JSON, every image, and what lies beside them."""

import posixpath
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from ...schemas.finding import Finding, Problem
from ...schemas.source import Source
from ...transforms.verify.shard_keys import shared_keys
from ...transforms.verify.shard_report import ShardReport
from ...transforms.verify.verify_folder import verify_folder
from ..options.phase_options import VerifyOptions
from .verify_tasks import MakePool, ShardTasks

Report = Callable[[Finding], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at, and how much is wrong with it."""

    shards: int
    samples: int
    findings: int
    warnings: int = 0


def verify(
    sources: Sequence[Source], options: VerifyOptions, make_pool: MakePool, report: Report
) -> Verdict:
    """Look at every shard and at all of them together; ``report`` is told each finding at once."""
    findings = warnings = 0
    reports: list[ShardReport] = []
    with closing(ShardTasks(options, make_pool)) as tasks:
        for finding in _findings(sources, options.loader_workers, tasks, reports):
            if finding.problem.is_warning:
                warnings += 1
            else:
                findings += 1
            report(finding)
    return Verdict(len(sources), sum(r.samples for r in reports), findings, warnings)


def _findings(
    sources: Sequence[Source],
    loader_workers: int | None,
    tasks: ShardTasks,
    reports: list[ShardReport],
) -> Iterator[Finding]:
    for shard in tasks.run(sources):
        reports.append(shard)
        yield from shard.findings
        shard.findings = []
    yield from shared_keys(reports, tasks.map)
    folders: dict[str, list[ShardReport]] = {}
    for shard in reports:
        folders.setdefault(posixpath.dirname(shard.path), []).append(shard)
    for folder, shards in folders.items():
        yield from verify_folder(folder, shards)
    filled = sum(shard.samples > 0 for shard in reports)
    if loader_workers is not None and filled < loader_workers:
        detail = f"{filled} shards for {loader_workers} loader workers: some have none to read"
        yield Finding("-", "", Problem.FEW_SHARDS, detail)
