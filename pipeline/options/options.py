"""The options of each phase: one frozen record each, checked once, made into the command line."""

from dataclasses import dataclass, field
from typing import Any

from ...schemas.errors import UsageError


def option(default: Any, text: str, **more: Any) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Return a field of an options record with its default and its help."""
    return field(default=default, metadata={"help": text, **more})


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOptions:
    """What is read, and how its information is measured."""

    inputs: tuple[str, ...] = ()
    caption_field: str = option(
        "",
        "Take captions from this field of the JSON or column of the table, instead of the text.",
        metavar="NAME",
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
        0.5, "A caption with less than this share of a full one is sparse.", metavar="SHARE"
    )

    def __post_init__(self) -> None:
        in_range("--enrich-below", self.enrich_below, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichOptions:
    """Which model captions the sparse pairs, and how; or which captions there are already."""

    captioner: str = option(
        "",
        "Caption sparse pairs with this Hugging Face image-to-text model, by hub id or folder; "
        "'demo' is the small one that ships with evenpair. With --endpoint, a service's model.",
        metavar="MODEL",
    )
    captions: str = option(
        "",
        "Take captions that exist already instead: Parquet or JSON lines (.jsonl, .jsonl.gz), by "
        "path, glob or brace range, with --join.",
        metavar="FILES",
    )
    join: str | None = option(
        None,
        "The column of --captions by which a caption finds its pair.",
        choices=("uid", "sha256", "url"),
    )
    captioner_revision: str = option("", "The revision of the model.", metavar="REVISION")
    prompt: str = option(
        "", "What the model is asked; every family has a prompt of its own.", metavar="TEXT"
    )
    max_new_tokens: int = option(64, "The longest answer, in tokens.", metavar="N")
    batch_size: int = option(16, "Images a batch.", metavar="N")
    max_captions: int | None = option(
        None, "Caption no more than N sparse pairs: the sparsest of all.", metavar="N"
    )
    reference_sample: int = option(
        0,
        "Caption N pairs more, chosen by hash whatever they say: select measures the full level "
        "and the presence of facts in them.",
        metavar="N",
    )
    similarity_model: str = option(
        "",
        "Compare captions with their images, for --min-similarity, by this CLIP or SigLIP model.",
        metavar="MODEL",
    )
    image_encoder: str = option(
        "",
        "Embed every image by this model, such as DINOv2, for soft targets: a member "
        "image_embedding.npy of each sample.",
        metavar="MODEL",
    )
    text_encoder: str = option(
        "",
        "Embed every caption by this sentence encoder: a member text_embedding.npy.",
        metavar="MODEL",
    )

    def __post_init__(self) -> None:
        at_least("--max-new-tokens", self.max_new_tokens, 1)
        at_least("--batch-size", self.batch_size, 1)
        at_least("--max-captions", self.max_captions, 0)
        at_least("--reference-sample", self.reference_sample, 0)
        if not self.captioner and (self.captioner_revision or self.prompt):
            raise UsageError("--captioner-revision and --prompt need --captioner MODEL")
        if bool(self.captions) != (self.join is not None):
            raise UsageError("--captions FILES and --join uid, sha256 or url need each other")
        if self.captions and self.captioner:
            raise UsageError("--captions are there already: leave out --captioner, or them")
        if self.captions and self.max_captions is not None:
            raise UsageError("--captions cost nothing: leave out --max-captions")
        if self.similarity_model and not (self.captioner or self.captions):
            raise UsageError(
                "--similarity-model needs --captioner MODEL or --captions FILES: it judges these"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """Where a captioning service is, and how much may be asked of it; the answers are the same."""

    endpoint: tuple[str, ...] = option(
        (),
        "Ask an OpenAI-compatible service instead, at these addresses; OPENAI_API_KEY in the "
        "environment is its key.",
        metavar="URL[,URL...]",
    )
    concurrency: int = option(16, "Requests at the same time, in the whole run.", metavar="N")
    request_timeout: float = option(120.0, "The longest wait for a reply.", metavar="SECONDS")

    def __post_init__(self) -> None:
        at_least("--concurrency", self.concurrency, 1)
        at_least("--request-timeout", self.request_timeout, 0.1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectOptions:
    """Which captions are written, and which pairs are dropped."""

    mode: str = option(
        "fuse",
        "What becomes of a sparse caption that has a generated one.",
        choices=("replace", "append", "fuse", "mix"),
    )
    mix_probability: float = option(
        0.5, "With --mode mix, the share of enriched captions.", metavar="SHARE"
    )
    max_words: int = option(56, "The longest fused caption, in words.", metavar="N")
    block_list: str = option(
        "",
        "Drop the pairs that a file names by uid, image sha256 or url: text with one a line, "
        "Parquet, or a DataComp subset (.npy).",
        metavar="FILE",
    )
    unique_images: bool = option(False, "Drop all but the first pair of images of equal sha256.")
    min_image_size: int | None = option(
        None, "Drop images with a shorter side of less.", metavar="PIXELS"
    )
    languages: tuple[str, ...] = option(
        (), "Drop captions in other languages, such as 'en' or 'en,de'.", metavar="CODES"
    )
    where: str = option(
        "",
        "Keep only pairs for which this SQL condition holds, such as 'width >= 256 and punsafe < "
        "0.5', over the columns of the run's tables and every field of the source.",
        metavar="EXPRESSION",
    )
    min_bits: float | None = option(None, "Drop captions with less information.", metavar="BITS")
    max_object_share: float | None = option(
        None, "Drop captions whose information is objects by more than this.", metavar="SHARE"
    )
    min_agreement: float | None = option(
        None,
        "Do not use generated captions that state less of the raw one than this.",
        metavar="SHARE",
    )
    min_similarity: float | None = option(
        None,
        "Do not use generated captions less similar to the image than this, and drop pairs whose "
        "caption is, where that is known.",
        metavar="COSINE",
    )
    max_imbalance: float | None = option(
        None, "Drop pairs whose caption leaves out more than this.", metavar="T"
    )
    keep_fraction: float | None = option(
        None, "Keep this share of the pairs: the least imbalanced ones.", metavar="F"
    )
    rank_by: str = option(
        "",
        "With --keep-fraction, keep the pairs with the highest number in this column instead.",
        metavar="COLUMN",
    )
    subset_file: str = option(
        "", "Write the uids of the kept pairs as a DataComp subset (.npy) too.", metavar="FILE"
    )
    shard_size: int = option(10_000, "Pairs in an output shard, at most.", metavar="N")
    seed: int = option(0, "For everything that is drawn by hash.", metavar="N")

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
        "Archives for training, or tables with a column of images, both as img2dataset has them.",
        choices=("webdataset", "parquet"),
    )
    check_images: bool = option(False, "Decode every image, and drop those that cannot be decoded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """What is looked at in shards, and by how many."""

    loader_workers: int | None = option(
        None, "Also find fewer shards than this many workers of a data loader.", metavar="N"
    )
    no_decode: bool = option(False, "Look at the signatures of images, not at their pixels.")
    workers: int = option(0, "Worker processes; 0 takes one for each core.", metavar="N")

    def __post_init__(self) -> None:
        at_least("--loader-workers", self.loader_workers, 1)
        at_least("--workers", self.workers, 0)


def flag(name: str) -> str:
    """Return how an option is written on the command line."""
    return "--" + name.replace("_", "-")


def in_range(name: str, value: float | None, least: float, most: float) -> None:
    """Raise UsageError, with the option's name, for a value that is too small or too large."""
    if value is not None and not least <= value <= most:
        raise UsageError(f"{name} must be between {least} and {most}, not {value:g}")


def at_least(name: str, value: float | None, least: float) -> None:
    """Raise UsageError, with the option's name, for a value that is too small."""
    if value is not None and not value >= least:
        raise UsageError(f"{name} must be at least {least}, not {value:g}")
