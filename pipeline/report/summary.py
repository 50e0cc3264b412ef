"""The summary of a finished run: some pairs before and after, the counts, the paths."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ...schemas.run_directory import RunDirectory
from ...storage import files
from ..download.downloads import download_lines
from ..phases.caption_faults import fault_lines
from ..phases.join import joined_lines
from ..runs.record import Counts
from ..runs.run import Run
from .report import shown_pairs

_PAIRS_SHOWN = 3


def summary_lines(run: Run) -> Iterator[str]:
    """Yield the lines that are printed at the end of a run."""
    run_dir, record = run.directory, run.record
    for pair in shown_pairs(run_dir, _PAIRS_SHOWN):
        if pair.fields["caption_source"] != "raw":
            yield f"before  {pair.fields.get('caption_raw') or '(no caption)'}"
            yield f"after   {pair.caption}"
            yield ""
    if record.download is not None:
        yield from download_lines(RunDirectory(run_dir.downloads))
    yield from joined_lines(record.joined)
    if record.counts is not None:
        yield from count_lines(record.counts)
    yield from fault_lines(record.captioned)
    yield from measure_lines(record.measures)
    if record.counts is not None and files.exists(f"{run_dir.shards}/sizes.json"):
        sizes = json.loads(files.read_bytes(f"{run_dir.shards}/sizes.json"))
        yield from training_lines(run_dir.shards, sizes)
    yield f"shards  {run_dir.shards}"
    yield f"report  {run_dir.report}"


def training_lines(shards: str, sizes: Mapping[str, int]) -> Iterator[str]:
    """Yield how open_clip trains on the archives of ``shards``; ``sizes`` has their samples."""
    if not sizes:
        return
    first, last = (name.removesuffix(".tar") for name in (min(sizes), max(sizes)))
    names = first if first == last else f"{{{first}..{last}}}"
    path = shlex.quote(f"{shards}/{names}.tar")
    number = sum(sizes.values())
    yield "to train on them with open_clip:"
    yield f"  --dataset-type webdataset --train-data {path} --train-num-samples {number}"
    yield "and, where it has these options, to draw among the captions of a sample at each step:"
    yield "  --json-text-key 'caption;caption_raw' --json-text-key-probs '0.5;0.5'"


def count_lines(counts: Counts) -> Iterator[str]:
    """Yield how many pairs were read, written, and rejected by reason."""
    yield f"{counts.pairs_read} pairs read, {counts.pairs_written} written"
    for reason, count in counts.rejected.items():
        yield f"  {count} rejected: {reason}"
    for field, count in counts.members_left_out.items():
        yield f"  {count} members left out, as unpickling can run code: {field}"


def measure_lines(measures: Mapping[str, Any]) -> Iterator[str]:
    """Yield the effect of the selection: medians before and after, presence bias, correlation."""
    for name, label, digits in _MEDIANS:
        before, after = measures.get(f"{name}_before"), measures.get(f"{name}_after")
        if before and after:
            yield f"{label}, median: {before['0.5']:.{digits}f} -> {after['0.5']:.{digits}f}"
    for name, label, digits in _QUANTILES:
        if values := measures.get(name):
            low, middle, high = (f"{values[share]:.{digits}f}" for share in ("0.1", "0.5", "0.9"))
            yield f"{label}: {middle} in the median, {low} to {high} for four in five pairs"
    decided = {name: n for name, n in (measures.get("decided") or {}).items() if n}
    if decided:
        counts = ", ".join(f"{n} {_DECIDED[name]}" for name, n in decided.items())
        yield f"pairs that --keep-fraction decided on: {counts}"
    if (bias := measures.get("presence_bias")) is not None:
        shares = {kind: share for kind, share in measures["presence"].items() if share is not None}
        named = ", ".join(f"{share:.0%} of {kind}" for kind, share in shares.items())
        where = _BASES[measures["presence_basis"]]
        yield f"raw captions name {named} (presence bias {bias:.2f}, {where})"
    if (correlation := measures.get("rank_correlation")) is not None:
        line = f"rank correlation of bits and words: {correlation:.2f}"
        too = measures.get("kept_by_words_too")
        yield line if too is None else f"{line}; a filter by words would have kept {too:.0%} too"


_MEDIANS = (("bits", "bits", 1), ("imbalance", "imbalance", 2), ("object_share", "object share", 2))
_QUANTILES = (
    ("image_bits", "bits of an image, estimated", 1),
    ("coverage", "coverage", 2),
    ("agreement", "agreement", 2),
)
_DECIDED = {
    "imbalance": "by imbalance",
    "disagreement": "by agreement",
    "source": "by the source of the caption",
    "uid": "by uid",
}
_BASES = {
    "sample": "random sample",
    "enriched": "enriched pairs alone, which say little",
    "joined": "pairs with a caption from elsewhere",
}
