"""The third phase: scores and captions -> what is written where, and what is dropped and why."""

from collections.abc import Mapping

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from ...schemas.rejection import Reason
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.tables import FACTS
from ...transforms.enrich.reference_sample import COLUMNS, Sample, SampleReferences
from ...transforms.select.assign_shards import AssignShards
from ...transforms.select.decide import RejectBeyondCut, RejectDuplicates
from ...transforms.select.find_cut import ROUNDS, NarrowCut, to_cut
from ...transforms.select.find_duplicates import FindDuplicates, HasDuplicates
from ...transforms.select.fuse import Mode
from ...transforms.select.judge_pairs import EnrichmentOptions, JudgePairs
from ...transforms.select.measure_references import MeasureReferences
from ...transforms.select.plan_shards import PlanShards
from ...transforms.select.policies import RANKING, ApplyPolicies, PolicyOptions
from ...transforms.select.subset_file import KeepSubset
from ...transforms.select.summarise import Summarise
from ...transforms.units import ALL, KeepUnits, LoadUnits
from ..options.options import SelectOptions
from .selectable import Selectable

VALUES = "values"
MEASURES = "measures.json"
_UID = Reason.DUPLICATE_UID


def build_select(
    root: beam.Pipeline,
    run_dir: RunDirectory,
    options: SelectOptions,
    given: Selectable,
) -> None:
    """Wire the phase: each pair is judged alone, then beside all others, then given its shard."""
    sample = _measure_sample(root, run_dir, given.reference_sample)
    judged = (
        root
        | "Load scores" >> LoadUnits(ALL, run_dir, RunTable.SCORES, given.columns)
        | "Judge pairs" >> JudgePairs(run_dir, enrichment_options(options), sample)
        | "Apply policies" >> ApplyPolicies(policy_options(options, given))
        | "Keep judged" >> KeepUnits(run_dir, RunTable.JUDGED)
    )
    values = run_dir.scratch(VALUES)
    keys_repeat = AsSingleton(judged | "Find repeated keys" >> HasDuplicates("key", values))
    repeated = AsSingleton(judged | "Find repeated uids" >> FindDuplicates("uid", values))
    duplicates = {_UID: repeated}
    if options.unique_images:
        images = judged | "Find repeated images" >> FindDuplicates("sha256", values, repeated)
        duplicates[Reason.DUPLICATE_IMAGE] = AsSingleton(images)
    cut = AsSingleton(_find_cut(root, run_dir, options.keep_fraction, duplicates))
    plan = (
        root
        | "Load reasons" >> LoadUnits(ALL, run_dir, RunTable.JUDGED, list(RANKING), after=repeated)
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
    _ = decided | "Summarise" >> Summarise(run_dir.scratch(MEASURES))
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
    """Find where ``--keep-fraction`` cuts, a digit of the ranks a round; nowhere without one."""
    found = root | "Nothing found" >> beam.Create([{}])
    for number in range(ROUNDS if fraction is not None else 0):
        ranked = (
            root
            | f"Load ranks {number}"
            >> LoadUnits(ALL, run_dir, RunTable.JUDGED, list(RANKING), after=duplicates[_UID])
            | f"Reject duplicates {number}" >> RejectDuplicates(duplicates)
        )
        found = ranked | f"Narrow cut {number}" >> NarrowCut(fraction, AsSingleton(found))
    return found | "Cut" >> beam.Map(to_cut)


def _measure_sample(root: beam.Pipeline, run_dir: RunDirectory, count: int) -> AsSingleton | None:
    """Measure the level in the random sample of references, if one was captioned."""
    if not count:
        return None
    facts = [*COLUMNS, *FACTS.names]
    last = root | "Load uids" >> LoadUnits(ALL, run_dir, RunTable.SCORES, COLUMNS)
    last |= "Sample references" >> SampleReferences(count)
    level = root | "Load sampled" >> LoadUnits(ALL, run_dir, RunTable.SCORES, facts)
    level |= "Measure references" >> MeasureReferences(run_dir, AsSingleton(last))
    return AsSingleton(last | "Sample" >> beam.Map(Sample, AsSingleton(level)))


def enrichment_options(options: SelectOptions) -> EnrichmentOptions:
    """Return the options that say what becomes of generated captions."""
    return EnrichmentOptions(
        mode=Mode(options.mode),
        max_words=options.max_words,
        mix_probability=options.mix_probability,
        min_agreement=options.min_agreement,
        min_similarity=options.min_similarity,
        seed=options.seed,
    )


def policy_options(options: SelectOptions, given: Selectable) -> PolicyOptions:
    """Return the options that say which pairs are dropped for themselves."""
    return PolicyOptions(
        block_list=options.block_list,
        min_image_size=options.min_image_size,
        languages=options.languages,
        where=options.where,
        fields=given.fields if options.where else None,
        min_bits=options.min_bits,
        max_object_share=options.max_object_share,
        min_agreement=options.min_agreement,
        min_similarity=options.min_similarity,
        max_imbalance=options.max_imbalance,
        rank_by=options.rank_by,
    )
