"""The options of the phases but ``enrich``, of the whole job, of facts and of verify."""

from dataclasses import dataclass, field, replace

from ...schemas.errors import UsageError
from ...transforms.read.texts import CHOICES
from .captioning_options import EnrichOptions, ServiceOptions
from .fields import at_least, flag, in_range, option

ENRICH_BELOW = 0.8
"""The default of --enrich-below: between a fourth and a half of the captions that people write of
photographs have less, and nine in ten alt-texts of the web."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsOptions:
    """How captions are parsed, and by which statistics their information is measured."""

    parser: str = option(
        "", "Another spaCy pipeline than the shipped one, by name or path.", metavar="NAME"
    )
    statistics: str = option(
        "",
        "Measure by another run's statistics.parquet, or by 'prior', the shipped statistics.",
        metavar="PATH",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOptions:
    """Which captions are read, and how their information is measured."""

    inputs: tuple[str, ...] = ()
    caption_field: str = option(
        "",
        "Take captions from this field of the JSON or column of the table, instead of the text.",
        metavar="NAME",
    )
    caption_choice: str = option(
        "first",
        "Which of several captions of one image is its caption; the others stay in the JSON.",
        choices=CHOICES,
    )
    image_col: str = option(
        "", "The column of a table with the images, where several hold files.", metavar="NAME"
    )
    parser: str = option(
        "", "Another spaCy pipeline than the shipped one, by name or path.", metavar="NAME"
    )
    statistics: str = option(
        "",
        "Measure by another run's statistics.parquet, or by 'prior', the shipped statistics, "
        "instead of counting this corpus.",
        metavar="PATH",
    )
    enrich_below: float = option(
        ENRICH_BELOW,
        "A caption with less than this share of the full level is sparse.",
        metavar="SHARE",
    )
    full_level: float | None = option(
        None,
        "The information of a full caption, instead of that of a good one of a photograph.",
        metavar="BITS",
    )

    def __post_init__(self) -> None:
        in_range("--enrich-below", self.enrich_below, 0, 1)
        at_least("--full-level", self.full_level, 1)


def with_caption_col(options: ScoreOptions, caption_col: str) -> ScoreOptions:
    """Return ``options`` with ``--caption-col`` as the field of captions, if it is set.

    Raises UsageError if ``--caption-field`` names another one.
    """
    if caption_col and options.caption_field not in ("", caption_col):
        raise UsageError(
            f"--caption-field {options.caption_field} and --caption-col {caption_col} name "
            "different captions: leave one out"
        )
    return replace(options, caption_field=caption_col or options.caption_field)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectOptions:
    """The captions that are written, and the pairs that are dropped."""

    mode: str = option(
        "fuse",
        "How a sparse caption is combined with the generated one.",
        choices=("replace", "append", "fuse", "mix"),
    )
    mix_probability: float = option(
        0.5, "With --mode mix, the share of enriched captions.", metavar="SHARE"
    )
    max_words: int = option(56, "The maximum length of a fused caption, in words.", metavar="N")
    block_list: str = option(
        "",
        "Drop the pairs that a file names by uid, image sha256 or url: text with one a line, "
        "Parquet, or a DataComp subset (.npy).",
        metavar="FILE",
    )
    unique_images: bool = option(
        False, "Drop all but the first pair with the same image, by its sha256."
    )
    min_image_size: int | None = option(
        None, "Drop images whose shorter side is less.", metavar="PIXELS"
    )
    languages: tuple[str, ...] = option(
        (), "Drop captions in other languages, such as 'en' or 'en,de'.", metavar="CODES"
    )
    where: str = option(
        "",
        "Keep only pairs for which this SQL condition holds, such as 'width >= 256 and punsafe < "
        "0.5', over the columns of the run's tables and all fields of the source.",
        metavar="EXPRESSION",
    )
    min_bits: float | None = option(None, "Drop captions with less information.", metavar="BITS")
    max_object_share: float | None = option(
        None, "Drop captions with a larger share of objects in their information.", metavar="SHARE"
    )
    min_agreement: float | None = option(
        None,
        "Do not use generated captions that confirm a smaller share of the raw caption.",
        metavar="SHARE",
    )
    min_similarity: float | None = option(
        None,
        "Do not use generated captions that are less similar to the image, and drop pairs whose "
        "raw caption is, where that is known.",
        metavar="COSINE",
    )
    max_imbalance: float | None = option(
        None, "Drop pairs whose caption leaves out a larger share.", metavar="T"
    )
    keep_fraction: float | None = option(
        None,
        "Keep this share of the pairs: the least imbalanced, then those that their reference "
        "confirms most, then human before fused before generated captions.",
        metavar="F",
    )
    rank_by: str = option(
        "",
        "With --keep-fraction, keep the pairs with the highest number in this column instead.",
        metavar="COLUMN",
    )
    subset_file: str = option(
        "", "Also write the uids of the kept pairs as a DataComp subset (.npy).", metavar="FILE"
    )
    shard_size: int = option(10_000, "The maximum number of pairs in an output shard.", metavar="N")
    seed: int = option(0, "The seed of all random choices.", metavar="N")

    def __post_init__(self) -> None:
        shares = ("mix_probability", "max_object_share", "min_agreement", "max_imbalance")
        for name in (*shares, "keep_fraction"):
            in_range(flag(name), getattr(self, name), 0, 1)
        at_least("--min-image-size", self.min_image_size, 1)
        at_least("--min-bits", self.min_bits, 0)
        at_least("--max-words", self.max_words, 1)
        at_least("--shard-size", self.shard_size, 1)
        in_range("--min-similarity", self.min_similarity, -1, 1)
        if self.rank_by and self.keep_fraction is None:
            raise UsageError("--rank-by needs --keep-fraction F: it says which pairs are kept")
        if self.subset_file and not self.subset_file.endswith(".npy"):
            raise UsageError(f"--subset-file {self.subset_file}: its name must end with .npy")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """How shards are written."""

    format: str = option(
        "webdataset",
        "Archives for training, or tables with a column of images, both in img2dataset's layout.",
        choices=("webdataset", "parquet"),
    )
    check_images: bool = option(False, "Decode every image, and drop those that cannot be decoded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """The options of all four phases; each field but the last is named as its phase."""

    score: ScoreOptions
    enrich: EnrichOptions
    select: SelectOptions
    write: WriteOptions
    service: ServiceOptions = field(default_factory=ServiceOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """How shards are checked."""

    loader_workers: int | None = option(
        None, "Also report fewer shards than a data loader has workers.", metavar="N"
    )
    no_decode: bool = option(False, "Check the signatures of images instead of decoding them.")
    workers: int = option(0, "Worker processes; 0 takes one for each core.", metavar="N")

    def __post_init__(self) -> None:
        at_least("--loader-workers", self.loader_workers, 1)
        at_least("--workers", self.workers, 0)
