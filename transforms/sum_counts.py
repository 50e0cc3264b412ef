"""Counters -> their sum."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeVar

_Key = TypeVar("_Key")


def sum_counts(counters: Iterable[Counter[_Key]]) -> Counter[_Key]:
    """Return the sum of ``counters``, which does not depend on their order."""
    total: Counter[_Key] = Counter()
    for counter in counters:
        total.update(counter)
    return total
