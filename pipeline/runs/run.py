"""A run directory at work: what is done there, what is begun, what a change makes invalid."""

from dataclasses import dataclass, field
from typing import Any

from ...schemas.errors import UsageError
from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunEntry, outputs_of
from ...schemas.source import Source
from ...storage import files
from ...transforms.embed.encoder import EncodedBy, Encodes
from ...transforms.spread import load_sources
from .record import NoRunError, Record, changed_option, keep_record, load_record, options_of
from .work import Execute, Hints


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
        if not files.exists(path):
            raise NoRunError(self.directory.root)
        return load_sources(path)

    def encoders(self) -> list[EncodedBy]:
        """Return the encoders whose vectors the run holds."""
        embedded = self.record.get("embedded", [])
        return [EncodedBy(**{**by, "encodes": Encodes(by["encodes"])}) for by in embedded]

    def require(self, phase: Phase) -> None:
        """Raise UsageError unless a phase is done; ``enrich`` is, where there is no captioner."""
        if not files.exists(self.directory.sources):
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
        again = changed_option(self.record, phase, plain) is None
        self.remove(*([] if again else [phase]), *phase.following)
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
        files.remove_temporaries(self.directory.root)
        files.remove(self.directory.work)

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
            for path in outputs_of(phase):
                files.remove(self.directory.path(path))
            rejections = self.directory.path(RunEntry.REJECTIONS.path)
            for path in files.find_in(rejections, f"{phase.value}-*"):
                files.remove(path)

    def is_done(self, phase: Phase) -> bool:
        """Return whether a phase was finished with the options that the record has for it."""
        return bool(self.record["phases"].get(phase.value, {}).get("done"))


_EMBEDS = ("similarity_model", "image_encoder", "text_encoder")
_ENRICHES = ("captioner", "captions", *_EMBEDS)
"""Options without which ``enrich`` has nothing to do."""
