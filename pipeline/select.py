"""The third phase: scores and captions -> what is written where, and what is dropped and why."""

from collections.abc import Sequence

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from ..schemas.rejection import Phase, Reason
from ..schemas.run_directory import RunDirectory
from ..schemas.source import Source
from ..transforms.assign_shards import AssignShards
from ..transforms.decide import RankCounted, RejectBeyondCut, RejectDuplicates
from ..transforms.find_duplicates import FindDuplicates
from ..transforms.fuse import Mode
from ..transforms.judge_pairs import EnrichmentOptions, JudgePairs
from ..transforms.keep_units import KeepUnits, LoadUnits
from ..transforms.plan_shards import PlanShards
from ..transforms.policies import ApplyPolicies, PolicyOptions
from ..transforms.rank_pairs import FindCut
from .options import SelectOptions

JUDGED = "work/judged"
DISTINCT = "work/distinct"
DECIDED = "work/decided"


def build_select(
    root: beam.Pipeline, sources: Sequence[Source], run: RunDirectory, options: SelectOptions
) -> None:
    """Wire the phase: each pair is judged alone, then beside all others, then given its shard."""
    judged = (
        root
        | "Load scores" >> LoadUnits(sources, run, "scores")
        | "Judge pairs" >> JudgePairs(run, enrichment_options(options))
        | "Apply policies" >> ApplyPolicies(policy_options(options))
        | "Keep judged" >> KeepUnits(run, JUDGED, Phase.SELECT)
    )
    repeated = judged | "Find repeated uids" >> FindDuplicates("uid")
    repeated_keys = judged | "Find repeated keys" >> FindDuplicates("key")
    distinct = (
        root
        | "Load judged" >> LoadUnits(sources, run, JUDGED)
        | "Reject duplicates" >> RejectDuplicates(AsSingleton(repeated), Reason.DUPLICATE_UID)
        | "Keep distinct" >> KeepUnits(run, DISTINCT, Phase.SELECT)
    )
    cut = distinct | "Rank counted" >> RankCounted() | "Cut" >> FindCut(options.keep_fraction)
    decided = (
        root
        | "Load distinct" >> LoadUnits(sources, run, DISTINCT)
        | "Reject beyond cut" >> RejectBeyondCut(AsSingleton(cut))
        | "Keep decided" >> KeepUnits(run, DECIDED, Phase.SELECT)
    )
    plan = decided | "Plan shards" >> PlanShards(
        options.shard_size, run.plan, AsSingleton(repeated_keys)
    )
    _ = (
        root
        | "Load decided" >> LoadUnits(sources, run, DECIDED)
        | "Assign shards" >> AssignShards(AsSingleton(plan))
        | "Keep selection" >> KeepUnits(run, "selection", Phase.SELECT)
    )


def enrichment_options(options: SelectOptions) -> EnrichmentOptions:
    """Return the options that say what becomes of generated captions."""
    return EnrichmentOptions(
        mode=Mode(options.mode),
        max_words=options.max_words,
        mix_probability=options.mix_probability,
        min_agreement=options.min_agreement,
        seed=options.seed,
    )


def policy_options(options: SelectOptions) -> PolicyOptions:
    """Return the options that say which pairs are dropped for themselves."""
    return PolicyOptions(
        min_image_size=options.min_image_size,
        languages=options.languages,
        min_bits=options.min_bits,
        max_object_share=options.max_object_share,
        min_agreement=options.min_agreement,
        max_imbalance=options.max_imbalance,
    )
