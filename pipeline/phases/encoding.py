"""Who encodes: the options -> encoders that exist, checked before any work, and what they do."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from ...schemas.phase import Phase
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...transforms.captioners.find_model import find_model
from ...transforms.embed.encoder import Encodes
from ...transforms.embed.huggingface import OPTIONS, ChosenEncoder, load_encoder, require_encoder
from ..options.options import EnrichOptions
from ..runs.part import WHOLE, Part
from ..runs.record import Record, changed_option, keep_record, options_of
from ..runs.run import Run
from ..runs.stamps import digest, enrich_stamp, has_stamp, stamp_of
from ..runs.work import Work
from .embed import Encoding, build_embed


def choose_encoders(run: Run, options: EnrichOptions, part: Part) -> list[Encoding]:
    """Return the encoders that ``options`` name.

    A run goes on with the revisions that it began with. Raises UsageError for one that there is
    not, or that is of another kind.
    """
    begun = changed_option(run.record, Phase.ENRICH, options_of(options)) is None
    recorded = run.record.get("encoders", []) if begun else []
    earlier = {by["encodes"]: by["revision"] for by in recorded}
    encodings = []
    for encodes, model in asked_encoders(options).items():
        role = OPTIONS[encodes].removeprefix("--").replace("-", " ")
        found = find_model(model, model, earlier.get(encodes.value, ""), role=role)
        # Beam's workers are told to use one thread each; the one that encodes has them all.
        threads = part.share(os.cpu_count() or 1)
        chosen = ChosenEncoder(encodes, found, device=part.number - 1, threads=threads)
        require_encoder(chosen)
        encodings.append(Encoding(chosen.by, partial(load_encoder, chosen)))
    return encodings


def asked_encoders(options: EnrichOptions) -> dict[Encodes, str]:
    """Return the models that ``options`` name, by what each is to encode."""
    named = {
        Encodes.BOTH: options.similarity_model,
        Encodes.IMAGES: options.image_encoder,
        Encodes.TEXTS: options.text_encoder,
    }
    return {encodes: model for encodes, model in named.items() if model}


def embed(
    run: Run, options: EnrichOptions, encodings: Sequence[Encoding], part: Part = WHOLE
) -> int:
    """Embed the pairs of ``run``; what the same encoders embedded before is kept.

    Returns how many shards are left to other parts.
    """
    run.require(Phase.SCORE)
    by = [asdict(encoding.by) for encoding in encodings]
    if not by or run.record.get("embedded") == by:
        return 0
    sources, directory = run.sources(), run.directory
    run.record["encoders"] = by
    stamps = _stamps(run, options, by)
    tables = [encoding.by.table for encoding in encodings]

    def is_whole(source: Source) -> bool:
        return all(has_stamp(directory, source, stamps[source.name], table) for table in tables)

    todo = [source for source in part.of(sources) if not is_whole(source)]
    if todo:
        run.remove(Phase.SELECT, Phase.WRITE)
        lanes = run.models or len(todo)
        steps = [encoding.step for encoding in encodings]
        work = Work(Phase.ENRICH, len(todo), directory, steps=steps, sources=todo)
        run.execute(lambda root: build_embed(root, todo, directory, encodings, stamps, lanes), work)
    left = 0 if part.is_whole else sum(not is_whole(source) for source in sources)
    if not left:
        run.record["embedded"] = by
        keep_record(directory, run.record)
    return left


def _stamps(run: Run, options: EnrichOptions, by: list[Record]) -> dict[str, str]:
    """Return, by name, what the vectors of each source are made by, its captions among it."""
    begun = enrich_stamp(run, options, {"encoders": by})
    captions = {s.name: stamp_of(run.directory, s, RunTable.CAPTIONS) for s in run.sources()}
    return {name: digest([begun, stamp]) for name, stamp in captions.items()}
