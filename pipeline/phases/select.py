"""The third phase: scores and captions -> which pairs are kept, their captions and shards."""

import json
from collections.abc import Mapping

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton

from ...schemas.phase import Phase
from ...schemas.rejection import Reason
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...storage import files
from ...transforms.enrich.reference_sample import COLUMNS, SampleReferences
from ...transforms.select.assign_shards import AssignShards
from ...transforms.select.choose_caption import EnrichmentOptions
from ...transforms.select.decide import RejectBeyondCut, RejectDuplicates
from ...transforms.select.find_cut import ROUNDS, NarrowCut, to_cut
from ...transforms.select.find_duplicates import FindDuplicates, HasDuplicates
from ...transforms.select.fuse import Mode
from ...transforms.select.judge_pairs import JudgePairs
from ...transforms.select.plan_shards import PlanShards
from ...transforms.select.policies import RANK_COLUMNS, ApplyPolicies, PolicyOptions
from ...transforms.select.subset_file import KeepSubset
from ...transforms.select.summarise import Summarise
from ...transforms.units import ALL, KeepUnits, LoadUnits
from ..options.fields import record_of
from ..options.phase_options import SelectOptions
from ..runs.run import Run
from ..runs.work import Work, rows_of
from .selectable import Selectable, selectable

MEASURES = "measures.json"
_UID = Reason.DUPLICATE_UID


def select(run: Run, options: SelectOptions) -> None:
    """Choose the caption of every pair, which pairs are written, and into which shards."""
    run.require(Phase.SCORE)
    run.require(Phase.ENRICH)
    if run.is_current(Phase.SELECT, options):
        return
    sources, run_dir = run.sources(), run.directory
    enriched = run.record.options(Phase.ENRICH)
    columns = selectable(run_dir, sources, options, enriched.get("reference_sample", 0))
    if run.begin(Phase.SELECT, options):
        files.remove(run_dir.work)
    scores = (run_dir.table(RunTable.SCORES, source.name) for source in sources)
    work = Work(Phase.SELECT, len(sources), run_dir, map(rows_of, scores))
    run.execute(lambda root: build_select(root, run_dir, options, columns), work)
    measures = json.loads(files.read_bytes(run_dir.scratch(MEASURES)))
    if enriched.get("captions") and measures["presence_basis"] == "enriched":
        measures["presence_basis"] = "joined"
    run.save(measures=measures)
    run.finish(Phase.SELECT)


def build_select(
    root: beam.Pipeline,
    run_dir: RunDirectory,
    options: SelectOptions,
    columns: Selectable,
) -> None:
    """Wire the phase: each pair is judged alone, compared with all others, then given its shard."""
    last = _find_sample(root, run_dir, columns.reference_sample)
    judged = (
        root
        | "Load scores" >> LoadUnits(ALL, run_dir, RunTable.SCORES, columns.columns)
        | "Judge pairs" >> JudgePairs(run_dir, enrichment_options(options), last)
        | "Apply policies" >> ApplyPolicies(policy_options(options, columns.used))
        | "Keep judged" >> KeepUnits(run_dir, RunTable.JUDGED)
    )
    values = run_dir.scratch("values")
    keys_repeat = AsSingleton(judged | "Find repeated keys" >> HasDuplicates("key", values))
    repeated = AsSingleton(judged | "Find repeated uids" >> FindDuplicates("uid", values))
    duplicates = {_UID: repeated}
    if options.unique_images:
        images = judged | "Find repeated images" >> FindDuplicates("sha256", values, repeated)
        duplicates[Reason.DUPLICATE_IMAGE] = AsSingleton(images)
    cut = AsSingleton(_find_cut(root, run_dir, options.keep_fraction, duplicates))
    plan = (
        root
        | "Load reasons"
        >> LoadUnits(ALL, run_dir, RunTable.JUDGED, list(RANK_COLUMNS), after=repeated)
        | "Without duplicates" >> RejectDuplicates(duplicates)
        | "Without what is beyond" >> RejectBeyondCut(cut)
        | "Plan shards" >> PlanShards(options.shard_size, run_dir.plan, keys_repeat)
    )
    decided = (
        root
        | "Load judged" >> LoadUnits(ALL, run_dir, RunTable.JUDGED, after=AsSingleton(plan))
        | "Decide on duplicates" >> RejectDuplicates(duplicates)
        | "Reject beyond cut" >> RejectBeyondCut(cut)
    )
    _ = decided | "Summarise" >> Summarise(run_dir.scratch(MEASURES), cut)
    selected = (
        decided
        | "Assign shards" >> AssignShards(AsSingleton(plan), run_dir)
        | "Keep selection" >> KeepUnits(run_dir, RunTable.SELECTION)
    )
    if options.subset_file:
        _ = selected | "Keep subset" >> KeepSubset(options.subset_file)


def _find_cut(
    root: beam.Pipeline,
    run_dir: RunDirectory,
    fraction: float | None,
    duplicates: Mapping[Reason, AsSingleton],
) -> beam.PCollection:
    """Find the cut of ``--keep-fraction``, one digit of the ranks each round; none without one."""
    digits = root | "No digits" >> beam.Create([None])
    for number in range(ROUNDS if fraction is not None else 0):
        ranked = (
            root
            | f"Load ranks {number}"
            >> LoadUnits(ALL, run_dir, RunTable.JUDGED, list(RANK_COLUMNS), after=duplicates[_UID])
            | f"Reject duplicates {number}" >> RejectDuplicates(duplicates)
        )
        digits = ranked | f"Narrow cut {number}" >> NarrowCut(fraction, AsSingleton(digits))
    return digits | "Cut" >> beam.Map(to_cut)


def _find_sample(root: beam.Pipeline, run_dir: RunDirectory, count: int) -> AsSingleton | None:
    """Find the last hash of the random sample of references, if one was captioned."""
    if not count:
        return None
    last = root | "Load uids" >> LoadUnits(ALL, run_dir, RunTable.SCORES, COLUMNS)
    return AsSingleton(last | "Sample references" >> SampleReferences(count))


def enrichment_options(options: SelectOptions) -> EnrichmentOptions:
    """Return the options that say what becomes of generated captions."""
    return record_of(EnrichmentOptions, options, mode=Mode(options.mode))


def policy_options(options: SelectOptions, used: pa.Schema) -> PolicyOptions:
    """Return the options that say which pairs are rejected; they name the columns ``used``."""
    return record_of(PolicyOptions, options, fields=used if options.where else None)
