"""A run: its directory, its record, and the engine that its phases run on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...schemas.errors import UsageError
from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunEntry, outputs_of
from ...schemas.source import Source
from ...storage import files
from ...transforms.spread import load_sources
from .record import NoRunError, RunRecord, current_versions, load_record, plain_options, save_record
from .work import Execute, Hints

_ENCODERS = ("similarity_model", "image_encoder", "text_encoder")
_ENRICHERS = ("captioner", "captions", *_ENCODERS)
"""Options of which ``enrich`` needs at least one to have anything to do."""

_NOT_ENRICHED = {"embedded": None, "joined": None, "captioned": None}
"""The results of ``enrich`` in the record of a run that has none."""


def has_enricher(options: Mapping[str, Any]) -> bool:
    """Return whether options of ``enrich`` name anything that adds captions or vectors."""
    return any(options.get(name) for name in _ENRICHERS)


@dataclass(slots=True)
class Run:
    """A run directory that this process has opened."""

    directory: RunDirectory
    execute: Execute
    models: int | None = 1
    """How many models may caption at the same time, None for one on each worker."""
    alone: bool = True
    """Whether no other process works on a part of the same phase."""
    hints: Hints = field(default_factory=dict)
    """Beam's resource hints for the step that captions."""
    dry: bool = False
    """Whether nothing may be changed: the engine shows the job instead of running it."""
    record: RunRecord = field(init=False)

    def __post_init__(self) -> None:
        self.record = load_record(self.directory)
        self.directory = replace(self.directory, shards_folder=self.record.shards)

    def save(self, **changes: Any) -> None:
        """Change fields of the record, and write it unless the run is dry."""
        self.record = replace(self.record, **changes, versions=current_versions())
        self.directory = replace(self.directory, shards_folder=self.record.shards)
        if not self.dry:
            save_record(self.directory, self.record)

    @property
    def is_started(self) -> bool:
        """Whether the run knows its source shards."""
        return files.exists(self.directory.sources)

    def sources(self) -> list[Source]:
        """Return the source shards of the run. Raises NoRunError if it was never started."""
        if not self.is_started:
            raise NoRunError(self.directory.root)
        return load_sources(self.directory.sources)

    def require(self, phase: Phase) -> None:
        """Raise UsageError unless ``phase`` is done; ``enrich`` may have nothing to do."""
        if not self.is_started:
            raise NoRunError(self.directory.root)
        options = self.record.options(phase)
        if phase is Phase.ENRICH and not has_enricher(options):
            return
        embeds = phase is Phase.ENRICH and any(options.get(name) for name in _ENCODERS)
        if not self.record.is_done(phase) or (embeds and self.record.embedded is None):
            command = f"evenpair {phase.value} {self.directory.root}"
            raise UsageError(f"{phase.value} is not done in {self.directory.root}: {command} first")

    def is_current(self, phase: Phase, options: Any) -> bool:  # noqa: ANN401 - any options record
        """Return whether ``phase`` is done with exactly these options."""
        changed = self.record.changed_option(phase, plain_options(options))
        return self.record.is_done(phase) and changed is None

    def begin(self, phase: Phase, options: Any) -> bool:  # noqa: ANN401 - any options record
        """Record that ``phase`` is started, and remove the results that this invalidates.

        An earlier attempt's finished units stay if it had the same options. Returns whether the
        run directory may be changed.
        """
        if self.dry:
            return False
        plain = plain_options(options)
        is_same = self.record.changed_option(phase, plain) is None
        self.invalidate(*([] if is_same else [phase]), *phase.following)
        is_before = phase in (Phase.SCORE, Phase.ENRICH)
        changes = _NOT_ENRICHED if is_before else {}
        record = self.record.with_phase(phase, plain, done=False)
        self.save(phases=record.phases, **changes)
        return True

    def skip(self, phase: Phase, options: Any) -> None:  # noqa: ANN401 - any options record
        """Record that ``phase`` has nothing to do."""
        record = self.record.with_phase(phase, plain_options(options), done=True)
        self.save(phases=record.phases, **_NOT_ENRICHED)

    def finish(self, phase: Phase) -> None:
        """Record that ``phase`` is done, and remove its temporary files."""
        self.save(phases=self.record.with_done(phase, done=True).phases)
        files.remove_temporaries(self.directory.root)
        files.remove(self.directory.work)

    def invalidate(self, *phases: Phase) -> None:
        """Remove the results of ``phases``, except captions and vectors, which are expensive.

        Finished shards stay until new ones take their place.

        The record is changed first, so that a process killed meanwhile leaves no phase that looks
        finished.
        """
        self.save(phases=self.record.with_done(*phases, done=False).phases)
        if self.dry:
            return
        for phase in phases:
            for path in outputs_of(phase):
                files.remove(self.directory.path(path))
            rejections = self.directory.path(RunEntry.REJECTIONS.path)
            for path in files.find_in(rejections, f"{phase.value}-*"):
                files.remove(path)
        if Phase.WRITE in phases:
            self._discard_unfinished_shards()

    def _discard_unfinished_shards(self) -> None:
        """Remove shards that are not finished, with their accounts and report."""
        new = self.record.new_shards
        if new is not None:
            self.save(new_shards=None)
            files.remove(self.directory.path(new))
        if not self.record.shards_finished:
            for path in (self.directory.shards, self.directory.accounting, self.directory.report):
                files.remove(path)
