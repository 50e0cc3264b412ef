"""Captions from elsewhere that match almost no pair -> a reason, judged by their values."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from .read_caption_file import normal_form

COLUMNS = ["uid", "sha256", "url", "key"]
"""The columns to join on, and the key, which is only valid within one download."""

_LOOSE = r"^https?://(www\.)?|[?#].*$|/+$"
"""The parts in which two addresses of one image may differ."""


def explain_join(
    values: Mapping[str, pa.Array], read: Callable[[], Iterable[pa.Table]], on: str
) -> str:
    """Return the column to join on instead of ``on``, or why captions do not match.

    ``values`` are some values of each of COLUMNS that the captions have; ``read`` returns the
    tables of the run's pairs with COLUMNS.
    """
    matches: dict[tuple[str, str], set[str]] = {}
    examples: dict[str, str] = {}
    for table in read():
        for ours in COLUMNS:
            own_values = _form(table[ours].combine_chunks(), ours).drop_null()
            if len(own_values):
                examples.setdefault(ours, own_values[0].as_py())
            for theirs, column in values.items():
                matching = column.filter(pc.is_in(_form(column, ours), own_values))
                matches.setdefault((theirs, ours), set()).update(matching.to_pylist())
    return next(_reasons(values, {k: len(v) for k, v in matches.items()}, examples, on))


def _reasons(
    values: Mapping[str, pa.Array],
    matches: Mapping[tuple[str, str], int],
    examples: Mapping[str, str],
    on: str,
) -> Iterator[str]:
    """Yield reasons, the most helpful first."""
    same = {n: matches.get((n, n), 0) for n in values if n in COLUMNS and n not in ("key", on)}
    best = max(same, key=lambda name: same[name], default=on)
    if same.get(best):
        yield f"--join {best} would match {same[best]} of the first {len(values[best])}"
    if on not in examples:
        how = "; img2dataset --compute_hash sha256 adds it" if on == "sha256" else ""
        yield f"the run's pairs have no {on}{how}"
    if not len(values[on]):
        yield f"no caption has a {on}"
    if matches.get(("url", "url")) and on == "url":
        yield "their urls differ from the run's in case, in http or https, or after the path"
    others = {ours: matches.get((on, ours), 0) for ours in COLUMNS if ours != on}
    other = max(others, key=lambda name: others[name])
    if others[other]:
        yield f"their {on} is the run's {other}"
    if matches.get(("key", "key")):
        yield "only the keys match, which are valid within one download: join on another column"
    shown = f"theirs look like {values[on][0].as_py()}, the run's like {examples[on]}"
    derived = "; a pair without a uid of its own has one derived from its url and caption"
    yield f"{shown}{derived if on == 'uid' else ''}"


def _form(column: pa.Array, name: str) -> pa.Array:
    if name != "url":
        return normal_form(column, name)
    return pc.replace_substring_regex(pc.utf8_lower(column), _LOOSE, "")
