"""Figures -> lines for a person, or an object for JSON; of one set of embeddings or of two."""

from collections.abc import Iterator, Sequence
from typing import Any

from .figures import GROUPS, Figure, Measured

_SIGNIFICANT = 1e-6
_GAPS = ("l2m", "rmg")
_RECALLS = ("r1_image_to_text", "r1_text_to_image")


def as_json(measured: Measured) -> dict[str, Any]:
    """Return the figures, and what they were taken from, under their own names."""
    names = [figure.name for group in GROUPS.values() for figure in group]
    return {
        "images": measured.images,
        "texts": measured.texts,
        "dimensions": measured.dimensions,
        "temperature": measured.temperature,
        "sampled_images": measured.sampled_images,
        "queries": measured.queries,
        **{name: measured.values.get(name) for name in names},
        "intervals": measured.intervals,
        "ablation": measured.ablation,
        "notes": measured.notes,
    }


def as_lines(names: Sequence[str], measured: Sequence[Measured]) -> Iterator[str]:
    """Yield a table of one or of two sets of embeddings, what each figure means, and the notes."""
    for number, (name, one) in enumerate(zip(names, measured, strict=True), 1):
        yield f"{f'({number}) ' if len(names) > 1 else ''}{name}: {_size(one)}"
    yield ""
    yield _line("", [_column(f"({n})", one) for n, one in enumerate(measured, 1)], "better", "")
    for title, figures in GROUPS.items():
        rows = [row for figure in figures if (row := _row(figure, measured))]
        if rows:
            yield from (title, *rows)
    yield from _ablation(measured)
    for name, one in zip(names, measured, strict=True):
        yield from (f"note: {name}: {note}" for note in one.notes)


def _size(one: Measured) -> str:
    size = f"{one.images:,} images, {one.texts:,} texts, {one.dimensions} dimensions"
    size += f", temperature {one.temperature:g}"
    if one.sampled_images < one.images:
        size += f"; {one.sampled_images:,} images compared with each other"
        size += f", {one.queries:,} looked up among all"
    return size


def _column(head: str, one: Measured) -> str:
    return f"{head:>8}{' ' * 19 if one.intervals else ''}"


def _line(name: str, cells: Sequence[str], better: str, meaning: str) -> str:
    shown = cells if len(cells) > 1 else [cell.replace("(1)", "   ") for cell in cells]
    return f"  {name:<30}{'  '.join(shown)}  {better:<12}  {meaning}".rstrip()


def _row(figure: Figure, measured: Sequence[Measured]) -> str:
    """Return a figure's line, or nothing if none of them has it."""
    values = [one.values.get(figure.name) for one in measured]
    if all(value is None for value in values):
        return ""
    cells = [_cell(figure, one) for one in measured]
    better: str = figure.better
    if len(values) == 2 and better:
        winner = _winner(figure, *values)
        better = f"{better}{f' ({winner})' if winner else ''}"
    return _line(figure.name, cells, better, figure.meaning)


def _cell(figure: Figure, one: Measured) -> str:
    value = one.values.get(figure.name)
    text = f"{'-' if value is None else format(value, '.4f'):>8}"
    if not one.intervals:
        return text
    interval = one.intervals.get(figure.name)
    return text + (f" [{interval[0]:7.4f}, {interval[1]:7.4f}]" if interval else " " * 19)


def _winner(figure: Figure, first: float | None, second: float | None) -> int:
    """Return which of the two is better, 0 for neither."""
    if first is None or second is None:
        return 0
    if figure.better == "nearer 0":
        first, second = abs(first), abs(second)
    if abs(second - first) <= _SIGNIFICANT:
        return 0
    return 1 if (first < second) != (figure.better == "higher") else 2


def _ablation(measured: Sequence[Measured]) -> Iterator[str]:
    if not any(one.ablation for one in measured):
        return
    yield "Without the dimensions in which the means of images and texts differ most"
    names = ("l2m", "l2i", "rmg")
    counts = sorted({int(gap["dimensions"]) for one in measured for gap in one.ablation})
    for count in counts:
        for name in names:
            values = [_left(one, count, name) for one in measured]
            cells = [
                f"{value:>8}{' ' * 19 if one.intervals else ''}"
                for value, one in zip(values, measured, strict=True)
            ]
            yield _line(f"without {count}: {name}", cells, "", "")


def _left(one: Measured, count: int, name: str) -> str:
    found = [gap[name] for gap in one.ablation if gap["dimensions"] == count]
    return format(found[0], ".4f") if found else "-"


def comparison_as_json(names: Sequence[str], measured: Sequence[Measured]) -> dict[str, Any]:
    """Return both sets of figures, the change from the first to the second, and the warnings."""
    first, second = (one.values for one in measured)
    changes = {
        name: after - value
        for name, value in first.items()
        if value is not None and (after := second.get(name)) is not None
    }
    return {
        "files": list(names),
        "measured": [as_json(one) for one in measured],
        "change": changes,
        "warnings": warnings(names, measured),
    }


def warnings(names: Sequence[str], measured: Sequence[Measured]) -> list[str]:
    """Return a line for each measure of the gap that is smaller in one of the two alone.

    A gap can close without retrieval gaining (Fahim, Murphy and Fyshe, 2024): it says little
    unless retrieval is better where the gap is smaller.
    """
    lines = []
    first, second = (one.values for one in measured)
    for gap in _GAPS:
        values = first.get(gap), second.get(gap)
        small = _smaller(*values)
        if small is None:
            continue
        still = [
            name for name in _RECALLS if not _rises(measured[1 - small], measured[small], name)
        ]
        if still:
            large = 1 - small
            lines.append(
                f"{gap} is smaller in {names[small]} than in {names[large]}, "
                f"but {' and '.join(still)} did not rise: a smaller gap is not a better model"
            )
    return lines


def _smaller(first: float | None, second: float | None) -> int | None:
    """Return which of the two is smaller, counted from 0; None if neither is."""
    if first is None or second is None or abs(first - second) <= _SIGNIFICANT:
        return None
    return 0 if first < second else 1


def _rises(before: Measured, after: Measured, name: str) -> bool:
    first, second = before.values.get(name), after.values.get(name)
    return first is not None and second is not None and second > first + _SIGNIFICANT
