"""The phases for Python programs: each takes the options of its command as keyword arguments.

An option is named as on the command line, with underscores: ``keep_fraction=0.5``. Its meaning and
its default are those of ``evenpair COMMAND --help``.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from difflib import get_close_matches
from typing import Any

from ..pipeline.download.download import plan_run_download
from ..pipeline.inputs.find_sources import find_sources
from ..pipeline.inputs.nesting import refuse_nested
from ..pipeline.job import finish_job, raise_for_damage_since, raise_for_faults, run_job
from ..pipeline.options.captioning_options import EnrichOptions, ServiceOptions
from ..pipeline.options.download_options import FetchOptions, UrlOptions
from ..pipeline.options.engine_options import DataflowOptions, EngineOptions
from ..pipeline.options.fields import flag
from ..pipeline.options.phase_options import (
    JobOptions,
    ScoreOptions,
    SelectOptions,
    WriteOptions,
    with_caption_col,
)
from ..pipeline.phases.enrich import enrich_lines
from ..pipeline.phases.prepare import prepare
from ..pipeline.phases.score import score as score_run
from ..pipeline.phases.select import select as select_run
from ..pipeline.runs.part import WHOLE
from ..pipeline.runs.record import Counts
from ..pipeline.runs.run import Run
from ..schemas.errors import EvenpairError, UsageError
from .cli.open_run import open_run
from .cli.options import record_from

_ENGINE = (EngineOptions, DataflowOptions)


def run(
    inputs: str | Iterable[str], out: str, *, overwrite: bool = False, **options: Any
) -> Counts:
    """Do the whole job, as ``evenpair run``; return the pairs read, written and rejected by reason.

    ``inputs`` are paths, folders, globs or brace ranges of shards, or lists of urls; ``out`` is the
    run directory. Raises UsageError for impossible options, ModelNotFoundError, and EvenpairError
    for sources that could not be read whole, after the rest was done.
    """
    kinds = (ScoreOptions, EnrichOptions, SelectOptions, WriteOptions, ServiceOptions)
    _check(options, *kinds, UrlOptions, FetchOptions, *_ENGINE)
    paths = _paths(inputs)
    job = JobOptions(
        score=record_from(ScoreOptions, options, inputs=paths),
        enrich=record_from(EnrichOptions, options),
        select=record_from(SelectOptions, options),
        write=record_from(WriteOptions, options),
        service=record_from(ServiceOptions, options),
    )
    refuse_nested(out, paths)
    urls, fetch = record_from(UrlOptions, options), record_from(FetchOptions, options)
    planned = plan_run_download(paths, urls, fetch)
    if planned is None:
        job = replace(job, score=with_caption_col(job.score, urls.caption_col))
    sources = planned or find_sources(paths, job.score.image_col)
    with _opened(out, options, begin=True, overwrite=overwrite) as opened:
        run_job(opened, sources, job)
        raise_for_faults(opened)
        return _counts(opened)


def score(
    inputs: str | Iterable[str], out: str, *, overwrite: bool = False, **options: Any
) -> None:
    """Parse every caption and measure its information, as ``evenpair score``.

    Raises as ``run`` does.
    """
    _check(options, ScoreOptions, *_ENGINE)
    paths = _paths(inputs)
    own = record_from(ScoreOptions, options, inputs=paths)
    refuse_nested(out, paths)
    sources = find_sources(paths, own.image_col)
    with _opened(out, options, begin=True) as opened:
        prepared = prepare(opened, score=own, sources=sources, replaces=overwrite)
        score_run(opened, sources, own, prepared)
        raise_for_faults(opened)


def enrich(run_directory: str, *, overwrite: bool = False, **options: Any) -> list[str]:
    """Caption the sparse pairs of a run, as ``evenpair enrich``; return what the command prints.

    Raises as ``run`` does.
    """
    _check(options, EnrichOptions, ServiceOptions, *_ENGINE)
    own, service = record_from(EnrichOptions, options), record_from(ServiceOptions, options)
    with _opened(run_directory, options) as opened:
        prepared = prepare(opened, enrich=own, service=service, replaces=overwrite)
        return list(enrich_lines(opened, own, prepared, WHOLE))


def select(
    run_directory: str, *, overwrite: bool = False, keep_shards: bool = False, **options: Any
) -> None:
    """Choose the caption of every pair, and which pairs are written, as ``evenpair select``.

    Raises as ``run`` does.
    """
    _check(options, SelectOptions, *_ENGINE)
    own = record_from(SelectOptions, options)
    with _opened(run_directory, options) as opened:
        prepare(opened, select=own, replaces=overwrite or keep_shards)
        if keep_shards:
            opened.save(keep_shards=True)
        select_run(opened, own)


def write(run_directory: str, *, overwrite: bool = False, **options: Any) -> Counts:
    """Write the chosen pairs as shards, as ``evenpair write``; return the counts of the whole run.

    Raises as ``run`` does.
    """
    _check(options, WriteOptions, *_ENGINE)
    own = record_from(WriteOptions, options)
    with _opened(run_directory, options) as opened:
        prepare(opened, write=own, replaces=overwrite)
        finish_job(opened, own)
        raise_for_damage_since(opened)
        return _counts(opened)


def _paths(inputs: str | Iterable[str]) -> tuple[str, ...]:
    return (inputs,) if isinstance(inputs, str) else tuple(map(str, inputs))


def _check(options: dict[str, Any], *kinds: type[Any]) -> None:
    """Raise UsageError for an option that no command has here, or a value that is no choice."""
    known = {field.name: field for kind in kinds for field in fields(kind)}
    for name, value in options.items():
        if name not in known:
            near = get_close_matches(name, known, n=3)
            meant = f": did you mean {' or '.join(near)}?" if near else ""
            raise UsageError(f"there is no option {name!r} here{meant}")
        choices = known[name].metadata.get("choices")
        if choices is not None and value is not None and value not in choices:
            raise UsageError(f"{flag(name)} must be one of {', '.join(choices)}, not {value!r}")


@contextmanager
def _opened(root: str, options: dict[str, Any], **how: Any) -> Iterator[Run]:
    dataflow = record_from(DataflowOptions, options)
    engine = record_from(EngineOptions, options, dataflow=dataflow)
    with open_run(str(root), engine, **how) as opened:
        yield opened


def _counts(opened: Run) -> Counts:
    counts = opened.record.counts
    if counts is None:
        raise EvenpairError(f"{opened.directory.root} has no counts: a dry run writes nothing")
    return counts
