"""Captions from elsewhere that found almost no pair -> why, as far as their values tell."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from .read_given_captions import normal_form

COLUMNS = ["uid", "sha256", "url", "key"]
"""What captions might be joined on, and the key, which belongs to one download alone."""

_LOOSE = r"^https?://(www\.)?|[?#].*$|/+$"
"""What two addresses of one image may differ in."""


def explain_join(
    given: Mapping[str, pa.Array], read: Callable[[], Iterable[pa.Table]], on: str
) -> str:
    """Return what to join on instead of ``on``, or why there is nothing.

    ``given`` are some values of each of COLUMNS that the captions have; ``read`` gives the tables
    of the run's pairs with COLUMNS, one after the other.
    """
    found: dict[tuple[str, str], set[str]] = {}
    known: dict[str, str] = {}
    for table in read():
        for ours in COLUMNS:
            values = _form(table[ours].combine_chunks(), ours).drop_null()
            if len(values):
                known.setdefault(ours, values[0].as_py())
            for theirs, sample in given.items():
                met = sample.filter(pc.is_in(_form(sample, ours), values))
                found.setdefault((theirs, ours), set()).update(met.to_pylist())
    return next(_reasons(given, {k: len(v) for k, v in found.items()}, known, on))


def _reasons(
    given: Mapping[str, pa.Array],
    found: Mapping[tuple[str, str], int],
    known: Mapping[str, str],
    on: str,
) -> Iterator[str]:
    """Yield reasons, the most telling first."""
    joinable = [name for name in COLUMNS if name != "key"]
    same = {name: found.get((name, name), 0) for name in given if name in joinable and name != on}
    best = max(same, key=lambda name: same[name], default=on)
    if same.get(best):
        yield f"--join {best} would find {same[best]} of the first {len(given[best])}"
    if on not in known:
        how = "; img2dataset --compute_hash sha256 makes it" if on == "sha256" else ""
        yield f"the run's pairs have no {on}{how}"
    if not len(given[on]):
        yield f"no caption has a {on}"
    if found.get(("url", "url")) and on == "url":
        yield "their urls are the run's but for their case, http or https, or what follows the path"
    others = {ours: found.get((on, ours), 0) for ours in COLUMNS if ours != on}
    other = max(others, key=lambda name: others[name])
    if others[other]:
        yield f"what they call {on} is the run's {other}"
    if found.get(("key", "key")):
        yield "only their keys are the run's, which belong to one download: join by another column"
    shown = f"they have such as {given[on][0].as_py()}, the run such as {known[on]}"
    derived = "; a pair without a uid of its own has one derived from its url and caption"
    yield f"{shown}{derived if on == 'uid' else ''}"


def _form(column: pa.Array, name: str) -> pa.Array:
    if name != "url":
        return normal_form(column, name)
    return pc.replace_substring_regex(pc.utf8_lower(column), _LOOSE, "")
