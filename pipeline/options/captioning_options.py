"""The options of ``enrich``: the captioner or the captions from elsewhere, and the service."""

from dataclasses import dataclass

from ...schemas.errors import UsageError
from .fields import at_least, in_range, option

MAX_FAULT_SHARE = 0.5
"""The default of ``--max-fault-share``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrichOptions:
    """The model that captions the sparse pairs, or the captions that exist already."""

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
        "", "The prompt of the model; every family of models has its own default.", metavar="TEXT"
    )
    max_new_tokens: int = option(64, "The maximum length of an answer, in tokens.", metavar="N")
    batch_size: int = option(16, "Images in a batch.", metavar="N")
    max_captions: int | None = option(
        None, "Caption at most N sparse pairs: the sparsest ones.", metavar="N"
    )
    reference_sample: int = option(
        0,
        "Also caption a random sample of N pairs, sparse or not: select measures the full level "
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
            raise UsageError("use either --captions or --captioner, not both")
        if self.captions and self.max_captions is not None:
            raise UsageError("--max-captions limits a captioner: leave it out with --captions")
        if self.similarity_model and not (self.captioner or self.captions):
            raise UsageError(
                "--similarity-model judges captions: it needs --captioner MODEL or --captions FILES"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """The address of a captioning service, and limits; answers do not depend on them."""

    endpoint: tuple[str, ...] = option(
        (),
        "Caption with an OpenAI-compatible service at these addresses; its key is OPENAI_API_KEY "
        "in the environment.",
        metavar="URL[,URL...]",
    )
    concurrency: int = option(16, "Concurrent requests, in the whole run.", metavar="N")
    request_timeout: float = option(
        120.0,
        "How long a request may take, from the connection to the end of the reply.",
        metavar="SECONDS",
    )
    max_fault_share: float = option(
        MAX_FAULT_SHARE,
        "Exit with 1 if any captioner, a service or not, gives no usable caption for a larger "
        "share of the images. What it has answered is kept.",
        metavar="SHARE",
    )

    def __post_init__(self) -> None:
        at_least("--concurrency", self.concurrency, 1)
        at_least("--request-timeout", self.request_timeout, 0.1)
        in_range("--max-fault-share", self.max_fault_share, 0, 1)
