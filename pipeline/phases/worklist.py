"""``--worklist OUT``: the pairs to caption as a table, for a job elsewhere."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from ...schemas.errors import UsageError
from ...schemas.phase import Phase
from ...schemas.tables import WORKLIST
from ...schemas.unit import Unit
from ...storage import files
from ..options.captioning_options import EnrichOptions
from ..runs.part import WHOLE, Part
from ..runs.run import Run
from .to_caption import find_to_caption, pairs_to_caption

_COLUMNS = ("uid", "shard", "key", "url", "sha256", "caption")


def require_worklist(path: str, options: EnrichOptions) -> None:
    """Raise UsageError for a worklist that is not Parquet or comes with a captioner or captions.

    Without a worklist, ``enrich`` needs a captioner, captions or an encoder.
    """
    if not path:
        named = (options.captioner, options.captions, options.image_encoder, options.text_encoder)
        if not any(named):
            raise UsageError("enrich needs --captioner MODEL or --captions FILES")
        return
    if not path.endswith(".parquet"):
        raise UsageError(f"--worklist {path}: its name must end with .parquet")
    if options.captioner or options.captions:
        name = "--captioner" if options.captioner else "--captions"
        raise UsageError(f"--worklist is for a job elsewhere: leave out {name}")


def write_worklist(run: Run, options: EnrichOptions, path: str, part: Part = WHOLE) -> int:
    """Write the pairs that ``enrich`` would caption to ``path``; return their number.

    The table has the schema WORKLIST, and a row group for each source that has any. The run is not
    changed.
    """
    run.require(Phase.SCORE)
    sources, directory = run.sources(), run.directory
    chosen = find_to_caption(directory, sources, options)
    count = 0
    with (
        files.write_whole(path) as file,
        pq.ParquetWriter(file, WORKLIST, compression="zstd") as writer,
    ):
        for source in part.of(sources):
            unit = pairs_to_caption(directory, source, chosen, _COLUMNS)
            if unit.table.num_rows:
                writer.write_table(list_work(unit))
                count += unit.table.num_rows
    return count


def worklist_lines(run: Run, options: EnrichOptions, path: str, part: Part) -> Iterator[str]:
    """Write the worklist; yield its size, and the command that joins the captions."""
    count = write_worklist(run, options, path, part)
    yield f"{count} images to caption: {path}"
    yield f"join their captions: evenpair enrich {run.directory.root} --captions FILES --join uid"


def list_work(unit: Unit) -> pa.Table:
    """Return the rows of the worklist for the pairs of ``unit``."""
    table = unit.table
    others: dict[str, Sequence[object]] = {
        "path": pa.array([unit.source.path] * table.num_rows, pa.string()),
        "caption_raw": table["caption"],
    }
    columns = [others[name] if name in others else table[name] for name in WORKLIST.names]
    return pa.Table.from_arrays(columns, schema=WORKLIST)
