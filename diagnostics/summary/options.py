"""The options of ``evenpair measure``."""

from dataclasses import dataclass

from ...pipeline.options.fields import at_least, option
from ...schemas.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureOptions:
    """What is measured, in how much of the data."""

    temperature: float | None = option(
        None,
        "What the model divides similarities by; the file's own by default, or 0.07.",
        metavar="TAU",
    )
    text_column: str = option(
        "text",
        "The column of texts in a Parquet file: 'text_generated' of a run's embeddings.",
        metavar="NAME",
    )
    sample: int = option(
        10_000,
        "Of more images than this, a random sample is taken for what compares all with all.",
        metavar="N",
    )
    queries: int = option(
        2_000,
        "Of more images than --sample, so many images and texts are looked up among all others "
        "for entropy and retrieval.",
        metavar="N",
    )
    bootstrap: int = option(
        0, "Also give intervals of 95 % from N resamples of the images.", metavar="N"
    )
    seed: int = option(0, "Draws samples, folds and resamples.", metavar="N")

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0 < self.temperature < float("inf"):
            raise UsageError(f"--temperature must be above 0, not {self.temperature:g}")
        at_least("--sample", self.sample, 20)
        at_least("--queries", self.queries, 1)
        at_least("--bootstrap", self.bootstrap, 0)
        at_least("--seed", self.seed, 0)
