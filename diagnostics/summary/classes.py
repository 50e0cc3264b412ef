"""What labels and further texts tell of images: accuracy, neighbourhoods, clusters, half-truths."""

import numpy as np

from .. import measures
from ..embeddings.embeddings import Array, Embeddings
from ..measures.matching import first_texts
from ..measures.vectors import Vectors
from .recorder import Recorder

MOST_CLASSES, MOST_CLUSTERS = 500, 100


def classify(part: Embeddings, recorder: Recorder, temperature: float, seed: int) -> None:
    """Record what the labels and the texts of ``part`` allow; it is held in memory."""
    images, _ = first_texts(part.matches)
    specificity = measures.specificity(part.image, part.text, temperature, part.matches, seed=seed)
    recorder.put_mean("specificity", specificity, images)
    for name, labels, prompts in (
        ("object_accuracy", part.object, part.object_prompts),
        ("attribute_accuracy", part.attribute, part.attribute_prompts),
    ):
        if labels is not None:
            _record_accuracy(name, part, labels, prompts, recorder)
    if part.short is not None and part.foil is not None:
        hits = measures.half_truth_hits(part.image, part.short, part.foil)
        recorder.put_mean("half_truth_accuracy", hits, np.arange(len(hits)))
    if part.object is not None and part.object.ndim == 1:
        recorder.attempt("neighbourhood_distance", lambda: _neighbourhoods(part, recorder, seed))
        recorder.attempt("v_measure", lambda: _clusters(part, recorder, seed))


def _record_accuracy(
    name: str, part: Embeddings, labels: Array, prompts: Vectors | None, recorder: Recorder
) -> None:
    try:
        if prompts is None:
            hits = measures.class_hits(part.image, part.text, labels, part.matches)
        else:
            hits = measures.prompt_hits(part.image, prompts, labels)
    except ValueError as error:
        recorder.note(f"{name}: {error}")
    else:
        recorder.put_mean(name, hits, np.arange(len(hits)))


def _neighbourhoods(part: Embeddings, recorder: Recorder, seed: int) -> dict[str, float]:
    part, classes = _of_frequent(part, MOST_CLASSES, recorder)
    found = measures.neighbourhood_distance(part.image, part.text, classes, part.matches)
    random = measures.random_neighbourhood_distance(
        part.image, part.text, classes, part.matches, seed
    )
    return {"neighbourhood_distance": found, "neighbourhood_distance_random": random}


def _clusters(part: Embeddings, recorder: Recorder, seed: int) -> float:
    part, classes = _of_frequent(part, MOST_CLUSTERS, recorder)
    return measures.v_measure(part.image, part.text, classes, part.matches, seed)


def _of_frequent(part: Embeddings, most: int, recorder: Recorder) -> tuple[Embeddings, Array]:
    """Return the images of the most frequent objects, and these; of equal ones the first."""
    objects = np.asarray(part.object)
    names, codes, counts = np.unique(objects, return_inverse=True, return_counts=True)
    if len(names) <= most:
        return part, objects
    recorder.note(f"of {len(names)} objects the {most} most frequent are ordered or clustered")
    frequent = np.argsort(-counts, kind="stable")[:most]
    images = np.flatnonzero(np.isin(codes, frequent))
    return part.of_images(images), objects[images]
