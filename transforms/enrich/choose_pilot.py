"""Units of the pairs to be captioned -> Units of those few that show what all would take."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa

from ...schemas.unit import Unit
from ..fingerprint import fingerprints


def share_out(counts: Mapping[str, int], count: int, at_once: int) -> dict[str, int]:
    """Return how many pairs of each source are captioned: ``count`` in all, if there are so many.

    ``counts`` are those to be captioned, by the name of the source. Sources come in the order of
    the hashes of their names, and give ``at_once`` before the next does: batches shall be full.
    """
    order = sorted(counts, key=lambda name: hashlib.blake2b(name.encode()).digest())
    shares = dict.fromkeys(order, 0)
    left = min(count, sum(counts.values()))
    while left:
        for name in order:
            more = min(at_once, counts[name] - shares[name], left)
            shares[name] += more
            left -= more
    return {name: share for name, share in shares.items() if share}


def choose_pilot(unit: Unit, share: int) -> Unit:
    """Keep the pairs of ``unit`` with ``share`` of its uids, chosen by their hash."""
    hashes = fingerprints(unit.table["uid"])["high"]
    return unit.only(pa.array(np.isin(hashes, np.unique(hashes)[:share])))


def _choose(unit: Unit, shares: Mapping[str, int]) -> Unit:
    return choose_pilot(unit, shares[unit.source.name])


@dataclass
class ChoosePilot(beam.PTransform):
    """Unit of pairs to be captioned -> Unit of the share of it that is, by the source's name."""

    shares: Mapping[str, int]

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(_choose, self.shares)
