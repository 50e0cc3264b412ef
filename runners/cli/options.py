"""Options records -> the options of a command, in named groups; and back."""

import types
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar, get_args, get_origin

import click
import cloup

from ...pipeline.options.fields import flag

_Record = TypeVar("_Record")
_Command = TypeVar("_Command", bound=Callable[..., Any])


def option_group(
    title: str, *records: type[Any], help: str = "", extra: tuple[Any, ...] = ()
) -> Callable[[_Command], _Command]:
    """Give a command a group of options: one for each field of ``records`` that has a help text.

    ``extra`` are further options, which come first.
    """
    described = (
        field for record in records for field in fields(record) if "help" in field.metadata
    )
    return cloup.option_group(title, *extra, *map(_option, described), help=help or None)


def record_from(record: type[_Record], values: dict[str, Any], **others: Any) -> _Record:
    """Return a ``record`` of the values of a command's options."""
    names = {field.name for field in fields(record)}  # type: ignore[arg-type]
    return record(**{name: value for name, value in values.items() if name in names}, **others)


def _option(field: Field[Any]) -> Callable[[_Command], _Command]:
    name, text = flag(field.name), field.metadata["help"]
    metavar = field.metadata.get("metavar")
    default: Any = None if field.default is MISSING else field.default
    if field.type is bool:
        return cloup.option(name, is_flag=True, default=default, help=text)
    if field.type == tuple[str, ...]:
        return cloup.option(
            name,
            default=",".join(default),
            show_default=bool(default),
            help=text,
            metavar=metavar,
            callback=lambda _context, _option, value: tuple(filter(None, value.split(","))),
        )
    return cloup.option(
        name,
        type=_type(field),
        default=default,
        show_default=default not in (None, ""),
        help=text,
        metavar=metavar,
    )


def _type(field: Field[Any]) -> Any:  # noqa: ANN401 - whatever click takes as a type
    if "choices" in field.metadata:
        return click.Choice(field.metadata["choices"])
    if get_origin(field.type) is types.UnionType:
        return next(kind for kind in get_args(field.type) if kind is not types.NoneType)
    return field.type
