"""The whole job: the four phases one after the other, the accounts, the report."""

import os
from dataclasses import dataclass
from typing import Any

from ..models.load_captioner import DEMO, demo_captioner_path
from ..models.load_parser import load_parser
from ..schemas.errors import EvenpairError, UsageError
from ..schemas.rejection import Phase
from ..schemas.source import Source
from ..transforms import storage
from ..transforms.find_captioner import find_model, require_captioner
from ..transforms.load_captioner import ChosenModel, load_captioner
from . import phases
from .accounting import account, keep_accounts, members_left_out, tally, total_counts
from .options import EnrichOptions, ScoreOptions, SelectOptions, WriteOptions, flag
from .phases import Run
from .record import changed_option, keep_record, options_of
from .report import draw_report
from .selectable import check_options


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of all phases."""

    score: ScoreOptions
    enrich: EnrichOptions
    select: SelectOptions
    write: WriteOptions

    def by_phase(self) -> dict[Phase, Any]:
        """Return the options of each phase."""
        return {phase: getattr(self, phase.value) for phase in Phase}


def run_all(run: Run, sources: list[Source], options: RunOptions) -> None:
    """Run the four phases; what is done already is passed over.

    Raises UsageError if the run directory was made with other options.
    """
    refuse_changes(run, sources, options)
    check_models(run, options)
    check_options(options.select)
    phases.score(run, sources, options.score)
    enrich(run, options.enrich)
    phases.select(run, options.select)
    write(run, options.write)


def refuse_changes(run: Run, sources: list[Source], options: RunOptions) -> None:
    """Raise UsageError, with the option's name, if ``run`` was begun with other options."""
    root = run.directory.root
    advice = "name another --out, or begin afresh with --overwrite"
    for phase, wanted in options.by_phase().items():
        changed = changed_option(run.record, phase, options_of(wanted))
        if changed is not None:
            name, before, now = changed
            said = f"{_said(name, before)}, not {_said(name, now)}"
            raise UsageError(f"{root} was made {said}: {advice}")
    if storage.exists(run.directory.sources) and run.sources() != sources:
        raise UsageError(f"{root} was made from other shards than INPUT names now: {advice}")


def _said(name: str, value: object) -> str:
    given = flag(name)
    if value is None or value in ("", False, []):
        return f"without {given}"
    shown = ",".join(map(str, value)) if isinstance(value, list) else value
    return f"with {given} {shown}"


def check_models(run: Run, options: RunOptions) -> None:
    """Raise UsageError or ModelNotFoundError, before any work, for a model that does not exist."""
    if options.score.parser and not run.is_done(Phase.SCORE):
        load_parser(options.score.parser)
    if options.enrich.captioner and not run.is_done(Phase.ENRICH):
        check_captioner(run, options.enrich)


def enrich(run: Run, options: EnrichOptions) -> None:
    """Caption the sparse pairs, if there is a captioner."""
    if not options.captioner:
        if not run.is_current(Phase.ENRICH, options):
            run.skip(Phase.ENRICH, options)
        return
    chosen = choose_captioner(run, options)
    phases.enrich(run, options, chosen.asked, lambda: load_captioner(chosen))


def check_captioner(run: Run, options: EnrichOptions) -> None:
    """Raise UsageError if there is no such captioner, before anything is done."""
    require_captioner(choose_captioner(run, options).found)


def choose_captioner(run: Run, options: EnrichOptions) -> ChosenModel:
    """Return the captioner that ``options`` name; ``demo`` is the shipped one.

    A run goes on with the revision that it began with, whatever the hub calls the newest now.
    """
    path = demo_captioner_path() if options.captioner == DEMO else options.captioner
    begun = changed_option(run.record, Phase.ENRICH, options_of(options)) is None
    earlier = run.record.get("asked", {}).get("revision", "") if begun else ""
    found = find_model(options.captioner, path, options.captioner_revision or earlier)
    prompt = options.prompt or found.default_prompt
    # Beam's workers are told to use one thread each; the one that captions has all of them.
    threads = os.cpu_count() or 1
    return ChosenModel(found, prompt, options.batch_size, options.max_new_tokens, threads=threads)


def write(run: Run, options: WriteOptions) -> None:
    """Write the shards, then check that every pair is accounted for, and draw the report."""
    phases.write(run, options)
    accounts = account(run.directory, run.sources())
    left_out = members_left_out(run.directory, run.sources())
    run.record["counts"] = {**total_counts(accounts), "members_left_out": left_out}
    keep_record(run.directory, run.record)
    draw_report(run.directory)
    keep_accounts(run.directory, accounts)


def raise_for_faults(run: Run) -> None:
    """Raise EvenpairError, a line for each, if a source could not be read whole."""
    found = (tally(run.directory, source).fault for source in run.sources())
    faults = [fault for fault in found if fault is not None]
    if faults:
        raise EvenpairError("\n".join(faults))
