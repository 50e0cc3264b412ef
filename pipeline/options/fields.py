"""The fields of options records: defaults, help, checks of their values."""

from dataclasses import field, fields
from typing import Any, TypeVar

from ...schemas.errors import UsageError

_Record = TypeVar("_Record")


def option(default: Any, text: str, **more: Any) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Return a field of an options record with its default and its help."""
    return field(default=default, metadata={"help": text, **more})


def record_of(kind: type[_Record], options: Any, **others: Any) -> _Record:  # noqa: ANN401
    """Return a record of ``kind`` with the fields of the same names in another options record."""
    names = {f.name for f in fields(kind)} - others.keys()  # type: ignore[arg-type]
    shared = {f.name for f in fields(options)} & names
    return kind(**{name: getattr(options, name) for name in shared}, **others)


def flag(name: str) -> str:
    """Return an option as it is written on the command line: ``--max-words``."""
    return "--" + name.replace("_", "-")


def in_range(name: str, value: float | None, least: float, most: float) -> None:
    """Raise UsageError, with the option's name, for a value that is too small or too large."""
    if value is not None and not least <= value <= most:
        raise UsageError(f"{name} must be between {least} and {most}, not {value:g}")


def at_least(name: str, value: float | None, least: float) -> None:
    """Raise UsageError, with the option's name, for a value that is too small."""
    if value is not None and not value >= least:
        raise UsageError(f"{name} must be at least {least}, not {value:g}")
