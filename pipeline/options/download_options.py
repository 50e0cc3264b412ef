"""The options of downloads, named as by img2dataset where it has them."""

from dataclasses import dataclass

from ...schemas.errors import UsageError
from .options import at_least, flag, in_range, option


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlOptions:
    """What is read of lists of urls, and how their images are kept; named as by img2dataset."""

    url_col: str = option("url", "The column with the urls.", metavar="COLUMN")
    caption_col: str = option(
        "", "The column with the captions; 'caption' or 'text', where there is one.", metavar="NAME"
    )
    save_additional_columns: tuple[str, ...] = option(
        (), "Keep these columns too; '*' keeps all that can be.", metavar="NAMES"
    )
    verify_hash: str = option(
        "", "Take images only if they have the hash in this column.", metavar="COLUMN"
    )
    compute_hash: str = option(
        "sha256",
        "The hash of images as they were downloaded.",
        choices=("sha256", "md5", "sha512", "none"),
    )
    number_sample_per_shard: int = option(10_000, "Urls for each shard.", metavar="N")
    image_size: int = option(256, "The side to which images are resized.", metavar="PIXELS")
    resize_mode: str = option(
        "border",
        "How they are resized.",
        choices=("no", "border", "keep_ratio", "keep_ratio_largest", "center_crop"),
    )
    resize_only_if_bigger: bool = option(False, "Leave smaller images as they are.")
    encode_format: str = option(
        "jpg", "The format of the images that are kept.", choices=("jpg", "png", "webp")
    )
    encode_quality: int = option(
        95, "Their quality, up to 100; of png the compression, up to 9.", metavar="N"
    )
    skip_reencode: bool = option(
        False, "Keep the bytes of images that have the format and are not resized."
    )
    max_aspect_ratio: float | None = option(
        None, "Fail images with a longer side of more times the shorter.", metavar="RATIO"
    )

    def __post_init__(self) -> None:
        at_least("--number-sample-per-shard", self.number_sample_per_shard, 1)
        at_least("--image-size", self.image_size, 1)
        at_least("--max-aspect-ratio", self.max_aspect_ratio, 1)
        in_range("--encode-quality", self.encode_quality, 0, _QUALITIES[self.encode_format])
        if self.verify_hash and self.compute_hash == "none":
            raise UsageError("--verify-hash needs --compute-hash, the kind of hash in the column")


_QUALITIES = {"jpg": 100, "png": 9, "webp": 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadOptions(UrlOptions):
    """The same, with what the phases of a run have options of their own for."""

    format: str = option(
        "webdataset",
        "Archives, or tables with a column of images.",
        choices=("webdataset", "parquet"),
    )
    min_image_size: int = option(0, "Fail images with a shorter side of less.", metavar="PIXELS")

    def __post_init__(self) -> None:
        UrlOptions.__post_init__(self)
        at_least("--min-image-size", self.min_image_size, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """How servers are asked for images; the images are the same."""

    thread_count: int = option(256, "Requests at the same time, for each shard.", metavar="N")
    requests_per_host: int = option(
        16, "Requests to one host at the same time, from each worker process.", metavar="N"
    )
    timeout: float = option(10.0, "The longest silence of an image's server.", metavar="SECONDS")
    max_seconds: float = option(120.0, "The longest that one image may take.", metavar="SECONDS")
    max_bytes: int = option(50_000_000, "The largest file that is taken.", metavar="N")
    retries: int = option(0, "How often to ask again for an image that failed.", metavar="N")
    user_agent_token: str = option(
        "img2dataset",
        "The name told to servers, and looked for in their X-Robots-Tag.",
        metavar="NAME",
    )
    disallowed_header_directives: tuple[str, ...] = option(
        ("noai", "noimageai", "noindex", "noimageindex"),
        "Fail images whose X-Robots-Tag says one of these.",
        metavar="NAMES",
    )

    def __post_init__(self) -> None:
        for name in ("thread_count", "requests_per_host", "max_bytes"):
            at_least(flag(name), getattr(self, name), 1)
        at_least("--retries", self.retries, 0)
        for name in ("timeout", "max_seconds"):
            at_least(flag(name), getattr(self, name), 0.1)
