"""Embeddings of a structured case, and their figures."""

from typing import Any

import numpy as np

from evenpair.diagnostics.embeddings.embeddings import embeddings_of
from evenpair.diagnostics.summary.figures import Measured
from evenpair.diagnostics.summary.options import MeasureOptions
from evenpair.diagnostics.summary.summarise import summarise

from .embedding_cases import structured_case

CASE = structured_case(each=2)
ARRAYS = {
    "image": CASE.image,
    "text": CASE.text,
    "text_to_image": CASE.text_to_image,
    "object": CASE.object,
    "attribute": CASE.attribute,
    "temperature": np.array(0.1),
}


def measured(arrays: dict[str, Any], **options: Any) -> Measured:
    """Return all figures of embeddings."""
    return summarise(embeddings_of(arrays, "arrays"), MeasureOptions(**options))
