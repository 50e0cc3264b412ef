"""Embeddings -> every figure that they allow."""

from collections.abc import Callable

import numpy as np

from ...schemas.errors import EvenpairError
from .. import measures
from ..embeddings.embeddings import Embeddings
from ..measures.entropy import entropy_at
from ..measures.labels import Labels, read_labels
from ..measures.retrieval import AT, Hits, Matches, images_of, texts_of
from ..measures.similarities import reduce_rows
from ..measures.vectors import Centred, Matrix, Selected, Vectors, Whole, mean_vector, size_of
from .classes import classify
from .figures import Measured
from .options import MeasureOptions
from .recorder import Recorder

TEMPERATURE = 0.07
"""CLIP's at the start of its training, where neither the data nor an option names one."""
MOST_SETS = 20_000
ABLATED = (1, 2, 4, 8, 16)

Tell = Callable[[str], None]


def summarise(
    embeddings: Embeddings, options: MeasureOptions, tell: Tell = lambda _: None
) -> Measured:
    """Return every figure that ``embeddings`` allow; ``tell`` is called with what comes next.

    What compares all with all is taken from a random sample of more images than
    ``options.sample``. Raises EvenpairError for a vector that has no direction.
    """
    summary = _Summary(embeddings, options)
    for step in (
        summary.gap,
        summary.look_up,
        summary.bias,
        summary.spread,
        summary.separate,
        summary.classify,
    ):
        tell(str(step.__doc__).splitlines()[0].rstrip("."))
        step()
    return summary.measured


class _Summary:
    """Embeddings, the sample that stands for them, and what has been measured."""

    def __init__(self, embeddings: Embeddings, options: MeasureOptions) -> None:
        self._all = embeddings
        self._options = options
        images, dimensions = size_of(embeddings.image)
        self._image_mean = _mean("image", embeddings.image)
        self._text_mean = _mean("text", embeddings.text)
        self._is_sampled = images > options.sample
        self._part = self._sample().in_memory()
        self.measured = Measured(
            images=images,
            texts=len(embeddings.matches),
            dimensions=dimensions,
            temperature=options.temperature or embeddings.temperature or TEMPERATURE,
            sampled_images=size_of(self._part.image)[0],
        )
        self._recorder = Recorder(self.measured, options.bootstrap, options.seed)
        for note in self._notes():
            self._recorder.note(note)

    def _sample(self) -> Embeddings:
        if not self._is_sampled:
            return self._all
        return self._all.of_images(self._draw(np.unique(self._all.matches), self._options.sample))

    def _draw(self, numbers: Whole, count: int) -> Whole:
        if count >= len(numbers):
            return numbers
        generator = np.random.default_rng(self._options.seed)
        drawn: Whole = np.sort(generator.choice(numbers, count, replace=False))
        return drawn

    def _notes(self) -> list[str]:
        without = self.measured.images - len(np.unique(self._all.matches))
        temperature = self.measured.temperature
        known = self._options.temperature or self._all.temperature
        notes = {
            f"{self._all.left_out} rows have no image or no text": self._all.left_out,
            f"{without} images have no text": without,
            f"no temperature is given: {TEMPERATURE:g} is assumed": known is None,
            f"temperature {temperature:g}: is it the scale, its inverse?": temperature > 2,
            f"not read: {', '.join(self._all.ignored)}": self._all.ignored,
        }
        return [note for note, applies in notes.items() if applies]

    def gap(self) -> None:
        """The modality gap."""
        data, recorder = self._all, self._recorder
        given = data.image, data.text, data.matches
        gap = measures.measure_gap(*given)
        recorder.put(l2m=gap.l2m, l2i=gap.l2i, rmg=gap.rmg, alignment=gap.alignment)
        if self._options.bootstrap:
            draws = recorder.draws(self.measured.images)
            intervals = measures.gap_intervals(data.image, data.text, draws, data.matches)
            for name, interval in intervals.items():
                recorder.put_interval(name, interval)
        image, text = Centred(data.image, self._image_mean), Centred(data.text, self._text_mean)
        recorder.attempt("centred_rmg", lambda: measures.rmg(image, text, data.matches))
        counts = [count for count in ABLATED if count < self.measured.dimensions]
        recorder.attempt("ablation", lambda: self._ablate(counts))

    def _ablate(self, counts: list[int]) -> dict[str, float]:
        part = self._part
        gaps = measures.ablate(part.image, part.text, counts, part.matches)
        self.measured.ablation = [
            {"dimensions": count, "l2m": gap.l2m, "l2i": gap.l2i, "rmg": gap.rmg}
            for count, gap in zip(counts, gaps, strict=True)
        ]
        return {}

    def look_up(self) -> None:
        """Entropy and retrieval."""
        data = self._all
        count = self._options.queries if self._is_sampled else self.measured.images
        images = self._draw(np.unique(data.matches), count)
        texts = np.arange(len(data.matches))
        if self._is_sampled:
            texts = self._draw(texts, count)
        self.measured.queries = len(images)
        found = texts_of(images, data.matches)
        self._look_up("image_to_text", Selected(data.image, images), data.text, found, images)
        found = images_of(texts, data.matches)
        of_texts = data.matches[texts]
        self._look_up("text_to_image", Selected(data.text, texts), data.image, found, of_texts)

    def _look_up(
        self, way: str, queries: Vectors, gallery: Vectors, right: Matches, images: Whole
    ) -> None:
        entropies, hits = reduce_rows(
            queries,
            gallery,
            entropy_at(self.measured.temperature),
            lambda rows: Hits(rows, queries, gallery, right, AT),
        )
        self._recorder.put_mean(f"entropy_{way}", entropies, images)
        for k, share in zip(AT, hits.T, strict=True):
            self._recorder.put_mean(f"r{k}_{way}", share, images)

    def bias(self) -> None:
        """Object bias."""
        data, labels = self._all, _labels_of(self._all)
        if labels and max(label.count for label in labels) > MOST_SETS and self._is_sampled:
            data, labels = self._part, _labels_of(self._part)
            self._recorder.note("object bias is that of the sample, for its labels are very many")
        if labels is None:
            return
        images = size_of(data.image)[0]
        objects, attributes = labels
        self._recorder.put_bootstrapped(
            "moad_image", lambda w: measures.moad(data.image, objects, attributes, w), images
        )
        of_text = objects.of(data.matches), attributes.of(data.matches)
        self._recorder.put_bootstrapped(
            "moad_text", lambda w: measures.moad(data.text, *of_text, w[data.matches]), images
        )

    def spread(self) -> None:
        """Uniformity and hubness."""
        part, attempt = self._part, self._recorder.attempt
        attempt("uniformity_image", lambda: measures.uniformity(part.image))
        attempt("uniformity_text", lambda: measures.uniformity(part.text))
        given = part.image, part.text, part.matches
        attempt("cross_uniformity", lambda: measures.cross_uniformity(*given))
        attempt("hubness_skew", lambda: _hubness(part.image, part.text, ""))
        attempt("hubness_skew_image", lambda: _hubness(part.text, part.image, "_image"))

    def separate(self) -> None:
        """Separability."""
        part, attempt = self._part, self._recorder.attempt
        given = part.image, part.text, part.matches, self._options.seed
        attempt("separability", lambda: measures.separability(*given))
        attempt("centred_separability", lambda: measures.centred_separability(*given))

    def classify(self) -> None:
        """Classes and captions."""
        classify(self._part, self._recorder, self.measured.temperature, self._options.seed)


def _mean(name: str, vectors: Vectors) -> Matrix:
    try:
        return mean_vector(vectors)
    except ValueError as error:
        raise EvenpairError(f"{name}: {error}") from error


def _labels_of(data: Embeddings) -> tuple[Labels, Labels] | None:
    if data.object is None or data.attribute is None:
        return None
    return read_labels(data.object), read_labels(data.attribute)


def _hubness(queries: Vectors, gallery: Vectors, suffix: str) -> dict[str, float]:
    found = measures.hubness(queries, gallery)
    return {f"hubness_skew{suffix}": found.skewness, f"anti_hubs{suffix}": found.anti_hubs}
