"""``run.json``: the options of a run, its models and versions, and its results."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ...schemas.errors import EvenpairError, UsageError
from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunEntry
from ...storage import files
from ...transforms.captioners.captioner import CaptionerId
from ...transforms.embed.encoder import EncoderId
from ...transforms.enrich.measure_captioner import CaptioningCost
from ..options.fields import flag

_PACKAGES = ("evenpair", "apache-beam", "pyarrow", "numpy", "spacy", "torch", "transformers")

ADVICE = "name another --out, or start afresh with --overwrite"

PlainOptions = Mapping[str, Any]
"""An options record as JSON holds it."""


@dataclass(frozen=True, slots=True)
class PhaseRecord:
    """The options that a phase was started with, and whether it is done."""

    options: PlainOptions
    done: bool = False


@dataclass(frozen=True, slots=True)
class JoinRecord:
    """How many pairs and captions from elsewhere met; ``files`` is a digest of the latter."""

    files: str
    pairs: int = 0
    pairs_joined: int = 0
    rows: int = 0
    captions: int = 0
    captions_joined: int = 0
    captions_repeated: int = 0
    hint: str = ""
    """Why almost none met, empty if enough did."""


@dataclass(frozen=True, slots=True)
class CaptionCounts:
    """The generated captions of a run, and the faults by reason."""

    captions: int
    faults: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PilotRecord:
    """The captioner that a pilot measured, and what its captions took."""

    captioner: CaptionerId
    took: CaptioningCost


@dataclass(frozen=True, slots=True)
class Counts:
    """The pairs of a whole run: read, written, rejected by reason."""

    pairs_read: int
    pairs_written: int
    rejected: Mapping[str, int]
    members_left_out: Mapping[str, int] = field(default_factory=dict)
    """Members of written samples that were left out, by field."""
    damaged_sources: Mapping[str, str] = field(default_factory=dict)
    """The damage of sources that lost pairs since they were scored, by their names."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The content of ``run.json``; a field is null or empty until its phase has something."""

    phases: Mapping[Phase, PhaseRecord] = field(default_factory=dict)
    captioner: CaptionerId | None = None
    encoders: tuple[EncoderId, ...] = ()
    """The encoders that were last started."""
    embedded: tuple[EncoderId, ...] | None = None
    """The encoders that have finished, None if some have not."""
    joined: JoinRecord | None = None
    captioned: CaptionCounts | None = None
    pilot: PilotRecord | None = None
    download: PlainOptions | None = None
    measures: Mapping[str, Any] = field(default_factory=dict)
    """The results of ``select``: distributions, presence, correlation."""
    counts: Counts | None = None
    shards: str = RunEntry.SHARDS.path
    """The folder of the finished output shards, or of the first ones while they are written."""
    shards_finished: bool = False
    """Whether that folder holds all shards of a selection, be it the latest one or not."""
    new_shards: str | None = None
    """The folder that new shards are written to while finished ones exist."""
    keep_shards: bool = False
    """Whether the finished shards stay beside the new ones for good."""
    swapped_inode: int | None = None
    """The inode of the folder of new shards while it takes the place of the finished one."""
    versions: Mapping[str, str | None] = field(default_factory=dict)
    """The versions of Python and of the packages that the run was last changed with."""

    def options(self, phase: Phase) -> PlainOptions:
        """Return the options that ``phase`` was started with, none if it was not started."""
        return self.phases[phase].options if phase in self.phases else {}

    def is_done(self, phase: Phase) -> bool:
        """Return whether ``phase`` was finished with the options recorded for it."""
        return phase in self.phases and self.phases[phase].done

    def with_phase(self, phase: Phase, options: PlainOptions, *, done: bool) -> "RunRecord":
        """Return the record with ``phase`` started or finished."""
        return replace(self, phases={**self.phases, phase: PhaseRecord(options, done)})

    def with_done(self, *phases: Phase, done: bool) -> "RunRecord":
        """Return the record with those of ``phases`` that were started marked done or not done."""
        changed = {p: replace(self.phases[p], done=done) for p in phases if p in self.phases}
        return replace(self, phases={**self.phases, **changed})

    def changed_option(self, phase: Phase, options: PlainOptions) -> tuple[str, Any, Any] | None:
        """Return the first option of ``phase`` that differs from the recorded ones, if any.

        With its recorded and its new value. INPUT is compared by the shards that it names, not
        here: a pattern may match others now.
        """
        if phase not in self.phases:
            return None
        return first_change(self.phases[phase].options, options)


@cache
def _adapter() -> TypeAdapter[RunRecord]:
    return TypeAdapter(RunRecord)


def load_record(run_dir: RunDirectory) -> RunRecord:
    """Return the content of ``run.json``, an empty record if there is no such file.

    Raises EvenpairError if the file is damaged.
    """
    if not files.exists(run_dir.record):
        return RunRecord()
    content = files.read_bytes(run_dir.record)
    try:
        return _adapter().validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise EvenpairError(
            f"{run_dir.record} is damaged ({f'{where}: ' if where else ''}{first['msg']}): "
            "restore it, or start afresh with --overwrite"
        ) from error


def load_record_if_whole(run_dir: RunDirectory) -> RunRecord:
    """Return the content of ``run.json``, an empty record if the file is missing or damaged."""
    try:
        return load_record(run_dir)
    except EvenpairError:
        return RunRecord()


def save_record(run_dir: RunDirectory, record: RunRecord) -> None:
    """Write ``record`` to ``run.json``."""
    fields = _adapter().dump_python(record, mode="json")
    content = json.dumps(fields, indent=2).encode()
    files.write_bytes(run_dir.record, content + b"\n")


def current_versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages that a run uses, None for those missing."""
    packages = {name: _version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), **packages}


def plain_options(options: Any) -> PlainOptions:  # noqa: ANN401 - any options record
    """Return an options record as it comes back from JSON."""
    plain: PlainOptions = json.loads(json.dumps(asdict(options)))
    return plain


def first_change(before: PlainOptions, options: PlainOptions) -> tuple[str, Any, Any] | None:
    """Return the first option, by name, that differs from before, with both values."""
    names = {*before, *options} - {"inputs"}
    changed = sorted(name for name in names if options.get(name) != before.get(name))
    return (changed[0], before.get(changed[0]), options.get(changed[0])) if changed else None


def option_phrase(name: str, value: object) -> str:
    """Return the phrase of a message for an option with a value: ``with --seed 1``."""
    option = flag(name)
    if value is None or value in ("", False, []):
        return f"without {option}"
    text = ",".join(map(str, value)) if isinstance(value, list) else value
    return f"with {option} {text}"


class NoRunError(UsageError):
    """A folder without a run was named as a run directory."""

    def __init__(self, root: str) -> None:
        advice = f"evenpair score INPUT... --out {root} makes one"
        super().__init__(f"{root} is not a run directory: {advice}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
