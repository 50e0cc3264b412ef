"""Terms -> how much each shows of a picture, and how common its words are in general English."""

import math
from functools import cache
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...models.load_prior import terms_path

Role = Literal["object", "quality", "predicate"]
"""What a term is in facts: an object, an attribute of one, the predicate of a relation."""

ROLES: tuple[Role, ...] = ("object", "quality", "predicate")

UNKNOWN_VISIBILITY = 0.05
"""The visibility of a word that is none of the language's: a name, a code, a slip of the pen."""

TERMS = pa.schema(
    [
        ("term", pa.string()),
        *((f"{role}_visibility", pa.float32()) for role in ROLES),
        *((f"{role}_bits", pa.float32()) for role in ROLES),
    ]
)
"""A row for each term: its visibility in each role, null where it is that of its words, and
``-log2`` of its share of the words that have the role in general English, null for none."""


class Terms:
    """The visibility and the frequency of terms, looked up; ``table`` has the schema TERMS.

    A term that is not in the table is as visible as its words: an object as the last one, a
    predicate as the first one, an attribute as the least visible one.
    """

    def __init__(self, table: pa.Table) -> None:
        rows = {term: row for row, term in enumerate(table["term"].to_pylist())}
        self._visibility = {role: _Column(rows, table[f"{role}_visibility"]) for role in ROLES}
        self._bits = {role: _Column(rows, table[f"{role}_bits"]) for role in ROLES}

    def visibility(self, term: str, role: Role) -> float:
        """Return how much ``term`` shows of a picture, 0 to 1."""
        return visibility_of(term, role, self._visibility[role])

    def share(self, term: str, role: Role) -> float | None:
        """Return the share of general English's words in a role that are ``term``.

        Of several words the rarest counts. None if one of them is never used so, or none of the
        language's.
        """
        bits = [self._bits[role].get(word) for word in term.split(" ")]
        known = [b for b in bits if b is not None]
        return 2.0 ** -max(known) if len(known) == len(bits) else None


class Known(Protocol):
    """What is known of terms, looked up like a dictionary."""

    def get(self, term: str, default: None = None, /) -> float | None:
        """Return what is known of ``term``, None for nothing."""
        ...


def visibility_of(term: str, role: Role, known: Known) -> float:
    """Return the visibility of ``term``, by its words if it is not ``known``."""
    visibility = known.get(term)
    if visibility is not None:
        return visibility
    words = map(known.get, _deciding_words(term, role))
    return min(UNKNOWN_VISIBILITY if v is None else v for v in words)


def _deciding_words(term: str, role: Role) -> list[str]:
    words = term.split(" ")
    if role == "object":
        return words[-1:]
    return words[:1] if role == "predicate" else words


@cache
def shipped_terms() -> Terms:
    """Return the terms that ship with evenpair, read once in a process."""
    return Terms(pq.read_table(terms_path(), schema=TERMS))


class _Column:
    def __init__(self, rows: dict[str, int], values: pa.ChunkedArray) -> None:
        self._rows = rows
        self._values = values.to_numpy().astype(np.float32)

    def get(self, term: str, _default: None = None, /) -> float | None:
        row = self._rows.get(term)
        value = math.nan if row is None else float(self._values[row])
        return None if math.isnan(value) else value
