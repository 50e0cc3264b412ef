"""Units of the pairs to caption -> Units of the few that a pilot captions."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa

from ...schemas.unit import Unit
from ..fingerprint import fingerprints


def share_out(counts: Mapping[str, int], count: int, *, at_once: int) -> dict[str, int]:
    """Return how many pairs of each source the pilot captions: ``count`` in all, if there are.

    ``counts`` are the pairs to caption, by the name of the source. Sources take turns in the order
    of the hashes of their names, each with ``at_once`` pairs, so that batches are full.
    """
    order = sorted(counts, key=lambda name: hashlib.blake2b(name.encode()).digest())
    shares = dict.fromkeys(order, 0)
    rest = min(count, sum(counts.values()))
    while rest:
        for name in order:
            turn = min(at_once, counts[name] - shares[name], rest)
            shares[name] += turn
            rest -= turn
    return {name: share for name, share in shares.items() if share}


def choose_pilot(unit: Unit, share: int) -> Unit:
    """Return the pairs of ``unit`` with the ``share`` uids of the smallest hashes."""
    hashes = fingerprints(unit.table["uid"])["high"]
    return unit.only(pa.array(np.isin(hashes, np.unique(hashes)[:share])))


def _choose(unit: Unit, shares: Mapping[str, int]) -> Unit:
    return choose_pilot(unit, shares[unit.source.name])


@dataclass
class ChoosePilot(beam.PTransform):
    """Unit of pairs to caption -> Unit of its share of the pilot."""

    shares: Mapping[str, int]
    """The number of pairs of each source, by its name."""

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(_choose, self.shares)
