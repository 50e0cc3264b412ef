"""An options record -> the options of a command, and back."""

import types
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar, get_args, get_origin

import click

_Record = TypeVar("_Record")
_Command = TypeVar("_Command", bound=Callable[..., Any])


def options_of(*records: type[Any]) -> Callable[[_Command], _Command]:
    """Give a command one option for each field of ``records`` that has a help text."""

    def decorate(command: _Command) -> _Command:
        for record in reversed(records):
            for field in reversed(fields(record)):
                if "help" in field.metadata:
                    command = _option(field)(command)
        return command

    return decorate


def record_from(record: type[_Record], given: dict[str, Any], **more: Any) -> _Record:
    """Build ``record`` from what a command was given."""
    names = {field.name for field in fields(record)}  # type: ignore[arg-type]
    return record(**{name: value for name, value in given.items() if name in names}, **more)


def _option(field: Field[Any]) -> Callable[[_Command], _Command]:
    name = "--" + field.name.replace("_", "-")
    text = field.metadata["help"]
    default: Any = None if field.default is MISSING else field.default
    if field.type is bool:
        return click.option(name, is_flag=True, default=default, help=text)
    if field.type == tuple[str, ...]:
        return click.option(
            name,
            default=",".join(default),
            show_default=bool(default),
            help=text,
            metavar=field.metadata.get("metavar"),
            callback=lambda _context, _option, value: tuple(filter(None, value.split(","))),
        )
    shown = default not in (None, "")
    return click.option(
        name,
        type=_type(field),
        default=default,
        show_default=shown,
        help=text,
        metavar=field.metadata.get("metavar"),
    )


def _type(field: Field[Any]) -> Any:  # noqa: ANN401 - what click takes
    if "choices" in field.metadata:
        return click.Choice(field.metadata["choices"])
    if get_origin(field.type) is types.UnionType:
        return next(kind for kind in get_args(field.type) if kind is not types.NoneType)
    return field.type
