"""How many pairs of a scored run would be sparse at several values of --enrich-below."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.run_tables import RunTable
from ...storage import files, parquet
from ...transforms.information.keep_statistics import load_full_level
from ..runs.run import Run

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)


def sparse_lines(run: Run) -> Iterator[str]:
    """Yield a line for each of SHARES; captions that were not parsed are never sparse."""
    level = load_full_level(run.directory.statistics)
    tables = [run.directory.table(RunTable.SCORES, source.name) for source in run.sources()]
    counted = files.each(lambda path: _count(path, level), tables)
    total, *sparse = np.sum(counted, axis=0, dtype=int).tolist() if counted else [0] * 6
    yield f"of {total} pairs, sparse with less than a share of {level:.1f} bits (--enrich-below):"
    for share, count in zip(SHARES, sparse, strict=True):
        yield f"  {share:g}: {count} ({count / max(1, total):.0%})"


def _count(path: str, level: float) -> list[int]:
    """Return the number of pairs of a table of scores, and of those below each of SHARES."""
    bits: pa.ChunkedArray = parquet.read_table(path, ["visible_bits"])["visible_bits"]
    sparse = [pc.sum(pc.less(bits, share * level)).as_py() or 0 for share in SHARES]
    return [len(bits), *sparse]
