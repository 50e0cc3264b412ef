"""The pairs that ``enrich`` would caption, found on the launcher, one table after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...schemas.unit import Unit
from ...storage import parquet
from ...transforms.enrich.caption_budget import COLUMNS as BUDGET_COLUMNS
from ...transforms.enrich.caption_budget import Budget, find_budget
from ...transforms.enrich.choose_sparse import choose_sparse
from ...transforms.enrich.reference_sample import COLUMNS, NONE, smallest, threshold
from ...transforms.units import load_unit
from ..options.captioning_options import EnrichOptions

CHOICE_COLUMNS = sorted({*BUDGET_COLUMNS, *COLUMNS})
"""The columns of scores that decide whether a pair is captioned."""


@dataclass(frozen=True, slots=True)
class ToCaption:
    """The sparse pairs within a budget, and the random sample that ends with ``last``."""

    last: int
    budget: Budget | None


def find_budget_of(
    run_dir: RunDirectory, sources: Sequence[Source], options: EnrichOptions
) -> Budget | None:
    """Return which sparse pairs may be captioned, None for all of them."""
    if options.max_captions is None:
        return None

    def read() -> Iterator[pa.Table]:
        for source in sources:
            yield parquet.read_table(run_dir.table(RunTable.SCORES, source.name), BUDGET_COLUMNS)

    return find_budget(read, options.max_captions)


def find_to_caption(
    run_dir: RunDirectory, sources: Sequence[Source], options: EnrichOptions
) -> ToCaption:
    """Return which pairs ``enrich`` would caption with these options."""
    count = options.reference_sample
    units = (load_unit(source, run_dir, RunTable.SCORES, COLUMNS) for source in sources)
    last = threshold((smallest(unit, count) for unit in units), count) if count else NONE
    return ToCaption(last, find_budget_of(run_dir, sources, options))


def pairs_to_caption(
    run_dir: RunDirectory, source: Source, chosen: ToCaption, columns: Sequence[str] = ()
) -> Unit:
    """Return the pairs of a source that are captioned; of several with one uid the first."""
    names = list(dict.fromkeys([*CHOICE_COLUMNS, *columns]))
    unit = choose_sparse(
        load_unit(source, run_dir, RunTable.SCORES, names), chosen.last, chosen.budget
    )
    uids = unit.table["uid"].to_numpy()
    first = np.zeros(len(uids), bool)
    first[np.unique(uids, return_index=True)[1]] = True
    return unit.only(pa.array(first))
