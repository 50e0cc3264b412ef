"""The phases as steps that can be repeated: what is done is recognised, what changed is redone."""

import json
from dataclasses import asdict

import pyarrow as pa

from ...models.load_parser import load_parser
from ...schemas.errors import EvenpairError, UsageError
from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...storage import files
from ...transforms.captioners.captioner import Asked, LoadCaptioner
from ...transforms.information.keep_statistics import keep_table, load_table
from ...transforms.read.read_captions import require_caption_field
from ...transforms.select.plan_shards import load_plan
from ...transforms.write.write_shards import WEBDATASET, is_written, write_sizes
from ..options.options import EnrichOptions, ScoreOptions, SelectOptions, WriteOptions, flag
from ..runs.faults import forget_faults, kept_faults
from ..runs.part import WHOLE, Part
from ..runs.record import changed_option, options_of
from ..runs.run import Run
from ..runs.stamps import enrich_stamp, without_stamp
from ..runs.work import Work, pairs_of, rows_of
from .enrich import Captioning, build_enrich
from .score import build_score, build_score_by
from .select import MEASURES, build_select
from .selectable import selectable
from .to_caption import find_budget_of
from .write import build_write, shard_format


def score(run: Run, sources: list[Source], options: ScoreOptions) -> None:
    """Score ``sources`` into ``run``; units that are scored already are passed over.

    Raises ModelNotFoundError or UsageError, before anything is done, if there is no parser or no
    statistics of the name.
    """
    if files.exists(run.directory.sources) and run.sources() != sources:
        run.remove(*Phase)
    if run.is_current(Phase.SCORE, options):
        return
    if options.parser:
        load_parser(options.parser)
    if options.caption_field:
        require_caption_field(sources[0], options.caption_field)
    statistics = load_table(options.statistics) if options.statistics else None
    if run.begin(Phase.SCORE, options):
        keep_sources(run.directory, sources)
        if statistics is not None:
            keep_table(statistics, run.directory.statistics)
    build = build_score if statistics is None else build_score_by
    pairs = map(pairs_of, sources)
    work = Work(Phase.SCORE, len(sources), run.directory, pairs, sources=sources)
    run.execute(lambda root: build(root, sources, run.directory, options), work)
    run.finish(Phase.SCORE)


def keep_sources(run_dir: RunDirectory, sources: list[Source]) -> None:
    """Write down what the run reads, for the phases that follow."""
    columns = {
        "number": pa.array([source.number for source in sources], pa.int32()),
        "name": pa.array([source.name for source in sources], pa.string()),
        "path": pa.array([source.path for source in sources], pa.string()),
    }
    files.write_table(run_dir.sources, pa.table(columns))


def enrich(
    run: Run,
    options: EnrichOptions,
    asked: Asked,
    load: LoadCaptioner,
    part: Part = WHOLE,
    *,
    is_service: bool = False,
) -> int:
    """Caption the sparse pairs of ``run``; what the same model answered before is kept.

    A service has one limit of requests for the whole run, and needs no machines of its own.
    Returns how many shards are left to other parts; the part that leaves none finishes the phase.
    """
    run.require(Phase.SCORE)
    if run.is_current(Phase.ENRICH, options) and run.record.get("asked") == asdict(asked):
        return 0
    _refuse_other_part(run, options)
    run.record["asked"] = asdict(asked)
    run.begin(Phase.ENRICH, options)
    sources, run_dir = run.sources(), run.directory
    stamp = enrich_stamp(run, options, asdict(asked))
    todo = without_stamp(run_dir, part.of(sources), stamp)
    hints = {} if is_service else run.hints
    captioning = Captioning(
        asked,
        load,
        1 if is_service else run.models or max(1, len(todo)),
        options.reference_sample,
        find_budget_of(run_dir, sources, options),
        hints,
    )
    parser = run.record["phases"]["score"]["options"]["parser"] or None
    run.execute(
        lambda root: build_enrich(root, todo, run_dir, captioning, parser, stamp, sources),
        Work(
            Phase.ENRICH,
            len(todo),
            run_dir,
            is_part=not part.is_whole,
            hints=hints,
            sources=todo,
        ),
    )
    others = [] if part.is_whole else sources
    left = len(without_stamp(run_dir, others, stamp))
    if not left:
        run.finish(Phase.ENRICH)
    return left


def _refuse_other_part(run: Run, options: EnrichOptions) -> None:
    changed = changed_option(run.record, Phase.ENRICH, options_of(options))
    if changed is not None and not run.alone:
        raise UsageError(
            f"another part is at work in {run.directory.root} with another {flag(changed[0])}: "
            "give all parts the same options"
        )


def select(run: Run, options: SelectOptions) -> None:
    """Choose what ``run`` writes, and where."""
    run.require(Phase.SCORE)
    run.require(Phase.ENRICH)
    if run.is_current(Phase.SELECT, options):
        return
    sources = run.sources()
    enriched = run.record["phases"].get("enrich", {}).get("options", {})
    sample = enriched.get("reference_sample", 0)
    given = selectable(run.directory, sources, options, sample)
    if run.begin(Phase.SELECT, options):
        files.remove(run.directory.work)
    scores = (run.directory.table(RunTable.SCORES, source.name) for source in sources)
    work = Work(Phase.SELECT, len(sources), run.directory, map(rows_of, scores))
    run.execute(lambda root: build_select(root, run.directory, options, given), work)
    measures = json.loads(files.read_bytes(run.directory.scratch(MEASURES)))
    if enriched.get("captions") and measures["presence_basis"] == "enriched":
        measures["presence_basis"] = "joined"
    run.record["measures"] = measures
    run.finish(Phase.SELECT)


def write(run: Run, options: WriteOptions) -> None:
    """Write the shards of ``run``; those that are whole already are passed over."""
    run.require(Phase.SELECT)
    if run.is_current(Phase.WRITE, options):
        return
    if run.begin(Phase.WRITE, options):
        forget_faults(run.directory)
    sources = run.sources()
    shards = load_plan(sources, run.directory.plan)
    form = shard_format(options, run.encoders())
    written = files.each(lambda shard: is_written(shard, run.directory, form), shards)
    pending = [shard for shard, done in zip(shards, written, strict=True) if not done]
    pairs = (shard.pairs for shard in pending)
    work = Work(Phase.WRITE, len(pending), run.directory, pairs, sources=sources)
    run.execute(lambda root: build_write(root, pending, run.directory, form), work)
    if faults := kept_faults(run.directory):
        raise EvenpairError("\n".join(faults))
    if form.layout == WEBDATASET:
        write_sizes(shards, run.directory)
    run.finish(Phase.WRITE)
