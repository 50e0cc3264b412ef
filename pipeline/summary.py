"""What a finished run prints: some pairs before and after, the counts, where everything lies."""

from collections.abc import Iterator

from .phases import Run
from .report import shown_pairs

_PAIRS_SHOWN = 3


def summary_lines(run: Run) -> Iterator[str]:
    """Yield the lines that a person wants to see at the end of a run."""
    directory, counts = run.directory, run.record["counts"]
    for pair in shown_pairs(directory, _PAIRS_SHOWN):
        if pair.fields["caption_source"] != "raw":
            yield f"before  {pair.fields['caption_raw'] or '(no caption)'}"
            yield f"after   {pair.caption}"
            yield ""
    yield f"{counts['pairs_read']} pairs read, {counts['pairs_written']} written"
    for reason, count in counts["rejected"].items():
        yield f"  {count} rejected: {reason}"
    yield f"shards  {directory.shards}"
    yield f"report  {directory.report}"
