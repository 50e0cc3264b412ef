"""The phases as steps that can be repeated: what is done is recognised, what changed is redone."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa

from ..models.load_parser import load_parser
from ..schemas.errors import EvenpairError, UsageError
from ..schemas.rejection import Phase
from ..schemas.run_directory import RunDirectory
from ..schemas.source import Source
from ..schemas.unit import tally_of
from ..transforms import storage
from ..transforms.captioner import Asked, LoadCaptioner
from ..transforms.encoder import EncodedBy, Encodes
from ..transforms.keep_statistics import keep_statistics, load_statistics
from ..transforms.plan_shards import load_plan
from ..transforms.read_captions import require_caption_field
from ..transforms.spread import load_sources
from ..transforms.write_shards import WEBDATASET, is_written, write_sizes
from .enrich import Captioning, build_enrich
from .faults import forget_faults, kept_faults
from .options import EnrichOptions, ScoreOptions, SelectOptions, WriteOptions, flag
from .part import WHOLE, Part
from .record import NoRunError, Record, changed_option, keep_record, load_record, options_of
from .score import build_score, build_score_by
from .select import MEASURES, build_select
from .selectable import selectable
from .to_caption import find_budget_of
from .work import Execute, Hints, Work, pairs_of, rows_of
from .write import build_write, shard_format


@dataclass(slots=True)
class Run:
    """A run directory at work: its record, and the engine that its phases run on."""

    directory: RunDirectory
    execute: Execute
    models: int | None = 1
    """How many models may caption at the same time, None for as many as there are workers."""
    alone: bool = True
    """Whether no other part of the same phase is at work in the run directory."""
    hints: Hints = field(default_factory=dict)
    """What a model that captions asks of the machines that it runs on."""
    dry: bool = False
    """Whether nothing may be changed: the engine shows what it would run, and ends there."""
    record: Record = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.record = load_record(self.directory)

    def sources(self) -> list[Source]:
        """Return the source shards of the run. Raises NoRunError if it was never begun."""
        path = self.directory.sources
        if not storage.exists(path):
            raise NoRunError(self.directory.root)
        return load_sources(path)

    def encoders(self) -> list[EncodedBy]:
        """Return the encoders whose vectors the run holds."""
        embedded = self.record.get("embedded", [])
        return [EncodedBy(**{**by, "encodes": Encodes(by["encodes"])}) for by in embedded]

    def require(self, phase: Phase) -> None:
        """Raise UsageError unless a phase is done; ``enrich`` is, where there is no captioner."""
        if not storage.exists(self.directory.sources):
            raise NoRunError(self.directory.root)
        begun = self.record["phases"].get(phase.value, {}).get("options", {})
        if phase is Phase.ENRICH and not any(begun.get(name) for name in _ENRICHES):
            return
        embeds = phase is Phase.ENRICH and any(begun.get(name) for name in _EMBEDS)
        if not self.is_done(phase) or (embeds and "embedded" not in self.record):
            command = f"evenpair {phase.value} {self.directory.root}"
            raise UsageError(f"{phase.value} is not done in {self.directory.root}: {command} first")

    def is_current(self, phase: Phase, options: Any) -> bool:  # noqa: ANN401 - any options record
        """Return whether a phase was finished with these very options."""
        changed = changed_option(self.record, phase, options_of(options))
        return self.is_done(phase) and changed is None

    def begin(self, phase: Phase, options: Any) -> bool:  # noqa: ANN401 - any options record
        """Note that a phase is at work; what that makes invalid is removed first.

        What an attempt with the same options finished stays, for this one to go on from. Returns
        whether the run directory may be changed.
        """
        if self.dry:
            return False
        plain = options_of(options)
        phases = list(Phase)
        again = changed_option(self.record, phase, plain) is None
        self.remove(*phases[phases.index(phase) + again :])
        if phase in (Phase.SCORE, Phase.ENRICH):
            self.record.pop("embedded", None)
        self.record["phases"][phase.value] = {"options": plain, "done": False}
        keep_record(self.directory, self.record)
        return True

    def skip(self, phase: Phase, options: Any) -> None:  # noqa: ANN401 - any options record
        """Note that a phase has nothing to do."""
        self.record["phases"][phase.value] = {"options": options_of(options), "done": True}
        self.record.pop("embedded", None)
        if not self.dry:
            keep_record(self.directory, self.record)

    def finish(self, phase: Phase) -> None:
        """Note that a phase is done."""
        self.record["phases"][phase.value]["done"] = True
        keep_record(self.directory, self.record)
        storage.remove_temporaries(self.directory.root)
        storage.remove(self.directory.work)

    def remove(self, *phases: Phase) -> None:
        """Remove what ``phases`` left; captions stay, for they cost money.

        The record says so first: who is killed meanwhile leaves nothing that looks finished.
        """
        for phase in phases:
            if phase.value in self.record["phases"]:
                self.record["phases"][phase.value]["done"] = False
        if self.dry:
            return
        keep_record(self.directory, self.record)
        for phase in phases:
            for name in _OUTPUT[phase]:
                storage.remove(self.directory.path(name))
            rejections = self.directory.path("rejections")
            for path in storage.find_in(rejections, f"{phase.value}-*"):
                storage.remove(path)

    def is_done(self, phase: Phase) -> bool:
        """Return whether a phase was finished with the options that the record has for it."""
        return bool(self.record["phases"].get(phase.value, {}).get("done"))


_EMBEDS = ("similarity_model", "image_encoder", "text_encoder")
_ENRICHES = ("captioner", "captions", *_EMBEDS)
"""Options without which ``enrich`` has nothing to do."""

_OUTPUT = {
    Phase.SCORE: ("work", "scores", "statistics.parquet", "statistics.index.npy"),
    Phase.ENRICH: (),
    Phase.SELECT: ("selection", "plan.parquet"),
    Phase.WRITE: ("shards", "accounting.parquet"),
}


def score(run: Run, sources: list[Source], options: ScoreOptions) -> None:
    """Score ``sources`` into ``run``; units that are scored already are passed over.

    Raises ModelNotFoundError or UsageError, before anything is done, if there is no parser or no
    statistics of the name.
    """
    if storage.exists(run.directory.sources) and run.sources() != sources:
        run.remove(*Phase)
    if run.is_current(Phase.SCORE, options):
        return
    if options.parser:
        load_parser(options.parser)
    if options.caption_field:
        require_caption_field(sources[0], options.caption_field)
    statistics = load_statistics(options.statistics) if options.statistics else None
    if run.begin(Phase.SCORE, options):
        keep_sources(run.directory, sources)
        if statistics is not None:
            keep_statistics(statistics, run.directory.statistics)
    build = build_score if statistics is None else build_score_by
    pairs = map(pairs_of, sources)
    work = Work(Phase.SCORE, len(sources), run.directory, pairs, sources=sources)
    run.execute(lambda root: build(root, sources, run.directory, options), work)
    run.finish(Phase.SCORE)


def keep_sources(run: RunDirectory, sources: list[Source]) -> None:
    """Write down what the run reads, for the phases that follow."""
    columns = {
        "number": pa.array([source.number for source in sources], pa.int32()),
        "name": pa.array([source.name for source in sources], pa.string()),
        "path": pa.array([source.path for source in sources], pa.string()),
    }
    storage.write_table(run.sources, pa.table(columns))


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
    sources, directory = run.sources(), run.directory
    stamp = enrich_stamp(run, options, asdict(asked))
    todo = without_stamp(directory, part.of(sources), stamp)
    hints = {} if is_service else run.hints
    captioning = Captioning(
        asked,
        load,
        1 if is_service else run.models or max(1, len(todo)),
        options.reference_sample,
        find_budget_of(directory, sources, options),
        hints,
    )
    parser = run.record["phases"]["score"]["options"]["parser"] or None
    run.execute(
        lambda root: build_enrich(root, todo, directory, captioning, parser, stamp, sources),
        Work(
            Phase.ENRICH,
            len(todo),
            directory,
            is_part=not part.is_whole,
            hints=hints,
            sources=todo,
        ),
    )
    others = [] if part.is_whole else sources
    left = len(without_stamp(directory, others, stamp))
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


def enrich_stamp(run: Run, options: EnrichOptions, by: Record) -> str:
    """Return what the captions of a shard are told from those made otherwise by."""
    read = (run.directory.statistics, run.directory.sources)
    scored = run.record["phases"]["score"]["options"]
    return digest(*map(storage.read_bytes, read), scored, options_of(options), by)


def digest(*parts: bytes | Any) -> str:
    """Return what tells ``parts``, bytes or what JSON can hold, from others."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update(
            part if isinstance(part, bytes) else json.dumps(part, sort_keys=True).encode()
        )
    return hashed.hexdigest()


def without_stamp(run: RunDirectory, sources: list[Source], stamp: str) -> list[Source]:
    """Return the sources whose captions are still to be made as ``stamp`` says."""
    made = storage.each(lambda source: has_stamp(run, source, stamp), sources)
    return [source for source, done in zip(sources, made, strict=True) if not done]


def has_stamp(run: RunDirectory, source: Source, stamp: str, kind: str = "captions") -> bool:
    """Return whether a table of ``source`` is there, and was made as ``stamp`` says."""
    return stamp_of(run, source, kind) == stamp


def stamp_of(run: RunDirectory, source: Source, kind: str) -> str | None:
    """Return what a table of ``source`` was made by, None where there is none."""
    path = run.table(kind, source.name)
    return tally_of(storage.read_schema(path)).stamp if storage.exists(path) else None


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
        storage.remove(run.directory.work)
    scores = (run.directory.table("scores", source.name) for source in sources)
    work = Work(Phase.SELECT, len(sources), run.directory, map(rows_of, scores))
    run.execute(lambda root: build_select(root, run.directory, options, given), work)
    measures = json.loads(storage.read_bytes(run.directory.path(MEASURES)))
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
    written = storage.each(lambda shard: is_written(shard, run.directory, form), shards)
    pending = [shard for shard, done in zip(shards, written, strict=True) if not done]
    pairs = (shard.pairs for shard in pending)
    work = Work(Phase.WRITE, len(pending), run.directory, pairs, sources=sources)
    run.execute(lambda root: build_write(root, pending, run.directory, form), work)
    if faults := kept_faults(run.directory):
        raise EvenpairError("\n".join(faults))
    if form.layout == WEBDATASET:
        write_sizes(shards, run.directory)
    run.finish(Phase.WRITE)
