"""Who encodes: the options -> encoders that exist, checked before any work is done."""

import os
from functools import partial

from ..schemas.rejection import Phase
from ..transforms.encoder import Encodes
from ..transforms.find_captioner import find_model
from ..transforms.huggingface_encoder import (
    OPTIONS,
    ChosenEncoder,
    load_encoder,
    require_encoder,
)
from .embed import Encoding
from .options import EnrichOptions
from .part import Part
from .phases import Run
from .record import changed_option, options_of


def choose_encoders(run: Run, options: EnrichOptions, part: Part) -> list[Encoding]:
    """Return the encoders that ``options`` name.

    A run goes on with the revisions that it began with. Raises UsageError for one that there is
    not, or that is of another kind.
    """
    begun = changed_option(run.record, Phase.ENRICH, options_of(options)) is None
    recorded = run.record.get("encoders", []) if begun else []
    earlier = {by["encodes"]: by["revision"] for by in recorded}
    encodings = []
    for encodes, model in asked_encoders(options).items():
        role = OPTIONS[encodes].removeprefix("--").replace("-", " ")
        found = find_model(model, model, earlier.get(encodes.value, ""), role=role)
        # Beam's workers are told to use one thread each; the one that encodes has them all.
        threads = part.share(os.cpu_count() or 1)
        chosen = ChosenEncoder(encodes, found, device=part.number - 1, threads=threads)
        require_encoder(chosen)
        encodings.append(Encoding(chosen.by, partial(load_encoder, chosen)))
    return encodings


def asked_encoders(options: EnrichOptions) -> dict[Encodes, str]:
    """Return the models that ``options`` name, by what each is to encode."""
    named = {
        Encodes.BOTH: options.similarity_model,
        Encodes.IMAGES: options.image_encoder,
        Encodes.TEXTS: options.text_encoder,
    }
    return {encodes: model for encodes, model in named.items() if model}
