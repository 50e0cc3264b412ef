"""Unit of captions, vectors -> Unit with the similarity of image and caption, raw and generated."""

from dataclasses import dataclass

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...schemas.unit import Unit
from ..units import load_unit
from .encoder import EncodedBy, Vector
from .keep_vectors import VectorStore, vectors_in


def compare_images(unit: Unit, vectors: pa.Table) -> Unit:
    """Fill in ``similarity_raw`` and ``similarity_generated``: cosines, null where one is unknown.

    They are rounded to four places: what lies far below depends on what shared a batch.
    """
    at = pc.index_in(unit.table["uid"], vectors["uid"].combine_chunks()).combine_chunks()
    found = vectors.take(at)
    images = vectors_in(found["image"])
    columns = [
        pa.array(map(_cosine, images, vectors_in(found[name])), pa.float64())
        for name in ("text", "text_generated")
    ]
    return unit.with_columns(["similarity_raw", "similarity_generated"], columns)


def _cosine(image: Vector | None, text: Vector | None) -> float | None:
    if image is None or text is None:
        return None
    return round(float(np.dot(image, text)), 4)


def _compare(source: Source, run_dir: RunDirectory, by: EncodedBy) -> Unit:
    unit = load_unit(source, run_dir, RunTable.CAPTIONS)
    return compare_images(unit, VectorStore(run_dir, source.name, by).load())


@dataclass
class CompareImages(beam.PTransform):
    """Source -> Unit of captions with their similarities, by the vectors that the run keeps."""

    run_dir: RunDirectory
    by: EncodedBy

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        return sources | beam.Map(_compare, self.run_dir, self.by)
