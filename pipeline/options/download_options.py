"""The options of downloads, named as in img2dataset where it has them."""

from dataclasses import dataclass

from ...schemas.errors import UsageError
from .fields import at_least, flag, in_range, option


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlOptions:
    """The columns of lists of urls, and the form of their images; named as in img2dataset."""

    url_col: str = option("url", "The column with the urls.", metavar="COLUMN")
    caption_col: str = option(
        "",
        "The column with the captions; by default 'caption' or 'text'. Where INPUT has images, "
        "the same as --caption-field.",
        metavar="NAME",
    )
    save_additional_columns: tuple[str, ...] = option(
        (), "Keep these columns too; '*' keeps all that JSON can hold.", metavar="NAMES"
    )
    verify_hash: str = option(
        "", "Accept an image only if it has the hash in this column.", metavar="COLUMN"
    )
    compute_hash: str = option(
        "sha256",
        "The hash that is computed of the downloaded bytes.",
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
        None, "Reject images whose aspect ratio exceeds RATIO.", metavar="RATIO"
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
    """The options of a download alone, which in a run are options of the phases."""

    format: str = option(
        "webdataset",
        "Archives, or tables with a column of images.",
        choices=("webdataset", "parquet"),
    )
    min_image_size: int = option(0, "Reject images whose shorter side is less.", metavar="PIXELS")

    def __post_init__(self) -> None:
        UrlOptions.__post_init__(self)
        at_least("--min-image-size", self.min_image_size, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """How images are requested from servers; the images do not depend on it."""

    thread_count: int = option(256, "Concurrent requests for each shard.", metavar="N")
    requests_per_host: int = option(
        16, "Concurrent requests to one host, from each worker process.", metavar="N"
    )
    timeout: float = option(
        10.0, "Give up an image whose server is silent for so long.", metavar="SECONDS"
    )
    max_seconds: float = option(120.0, "Give up an image that takes longer.", metavar="SECONDS")
    max_bytes: int = option(50_000_000, "Give up an image whose file is larger.", metavar="N")
    allow_private_addresses: bool = option(
        False, "Request images from loopback and private networks too, not only public addresses."
    )
    retries: int = option(0, "How often to retry an image that failed.", metavar="N")
    user_agent_token: str = option(
        "img2dataset",
        "The name in the User-Agent, which an X-Robots-Tag may address.",
        metavar="NAME",
    )
    disallowed_header_directives: tuple[str, ...] = option(
        ("noai", "noimageai", "noindex", "noimageindex"),
        "Reject images whose X-Robots-Tag has one of these directives.",
        metavar="NAMES",
    )

    def __post_init__(self) -> None:
        for name in ("thread_count", "requests_per_host", "max_bytes"):
            at_least(flag(name), getattr(self, name), 1)
        at_least("--retries", self.retries, 0)
        for name in ("timeout", "max_seconds"):
            at_least(flag(name), getattr(self, name), 0.1)
