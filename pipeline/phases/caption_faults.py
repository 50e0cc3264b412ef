"""The faults of generated captions: counted by reason, and too many of them end the phase."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow.compute as pc

from ...schemas.errors import EvenpairError
from ...schemas.fault import IMAGE_FAULTS, Fault
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...storage import files, parquet
from ...transforms.captioners.captioner import CaptionerId
from ...transforms.enrich.keep_answers import AnswerStore
from ..runs.record import CaptionCounts

_SHOWN = 200


def count_captions(run_dir: RunDirectory, sources: Sequence[Source]) -> CaptionCounts:
    """Return how many captions the tables of ``sources`` hold, and the faults by reason."""
    return add_counts(files.each(lambda source: _count(run_dir, source), sources))


def add_counts(counts: Sequence[CaptionCounts]) -> CaptionCounts:
    """Return the sum of ``counts``, the faults in the order of their names."""
    faults: Counter[str] = Counter()
    for count in counts:
        faults.update(count.faults)
    return CaptionCounts(sum(count.captions for count in counts), dict(sorted(faults.items())))


def _count(run_dir: RunDirectory, source: Source) -> CaptionCounts:
    path = run_dir.table(RunTable.CAPTIONS, source.name)
    if not files.exists(path):
        return CaptionCounts(0)
    values = pc.value_counts(parquet.read_table(path, ["fault"])["fault"]).to_pylist()
    counts = {row["values"]: row["counts"] for row in values}
    return CaptionCounts(counts.pop(None, 0), counts)


def fault_lines(counts: CaptionCounts | None) -> Iterator[str]:
    """Yield how many captions were generated, and the faults by reason."""
    if counts is None:
        return
    yield f"generated captions: {counts.captions}, faults: {sum(counts.faults.values())}"
    for reason, count in counts.faults.items():
        yield f"  {reason}: {count}"


def require_few_faults(
    counts: CaptionCounts, captioner_id: CaptionerId, limit: float, words: str
) -> None:
    """Raise EvenpairError if the captioner failed on a larger share of the images than ``limit``.

    Images that are missing or cannot be decoded are not counted. ``words`` are the captioner's own
    about one of its failures.
    """
    own = {reason: n for reason, n in counts.faults.items() if reason not in IMAGE_FAULTS}
    faults = sum(own.values())
    images = counts.captions + faults
    if faults <= limit * images:
        return
    reasons = ", ".join(f"{reason} {count}" for reason, count in own.items())
    quoted = f"; it said: {words[:_SHOWN]}" if words else ""
    raise EvenpairError(
        f"captioner {captioner_id.model!r} gave no usable caption for {faults} of {images} images "
        f"({reasons}), more than --max-fault-share {limit:g}{quoted}; the answers are kept, and "
        "the same command retries the images that it failed on"
    )


def words_about_failures(run_dir: RunDirectory, sources: Sequence[Source]) -> str:
    """Return what the captioner said about an image of ``sources`` that it failed on, if known."""
    words = (AnswerStore(run_dir, source.name).failure() for source in sources)
    return next(filter(None, words), "")


def forget_failures(run_dir: RunDirectory, sources: Sequence[Source]) -> None:
    """Remove the captions of sources with images that the captioner failed on, not the answers.

    The same command makes these tables again, and retries the images.
    """
    for source in sources:
        if Fault.MODEL_FAILED in _count(run_dir, source).faults:
            files.remove(run_dir.table(RunTable.CAPTIONS, source.name))
