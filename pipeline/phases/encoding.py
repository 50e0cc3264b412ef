"""The encoders that the options name: found and checked before any work is done."""

import os
from dataclasses import dataclass
from functools import partial

from ...schemas.phase import Phase
from ...transforms.captioners.find_model import find_model
from ...transforms.embed.encoder import EncoderId, LoadEncoder, Modality
from ...transforms.embed.huggingface import LocalEncoder, load_encoder, require_encoder
from ..options.captioning_options import EnrichOptions
from ..runs.part import Part
from ..runs.record import plain_options
from ..runs.run import Run
from ..runs.work import Step


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoder of a run: its identity, and the function that loads it."""

    encoder_id: EncoderId
    load: LoadEncoder

    @property
    def step(self) -> Step:
        """The step that progress shows."""
        name = f"embed for {self.encoder_id.encodes.value}"
        return Step(name, self.encoder_id.table.folder, gathers=True)


def choose_encoders(run: Run, options: EnrichOptions, part: Part) -> tuple[Encoding, ...]:
    """Return the encoders that ``options`` name.

    A resumed run keeps the revisions that it was started with. Raises UsageError for a model that
    does not exist or cannot encode what it is named for.
    """
    is_resumed = run.record.changed_option(Phase.ENRICH, plain_options(options)) is None
    recorded = run.record.encoders if is_resumed else ()
    revisions = {encoder_id.encodes: encoder_id.revision for encoder_id in recorded}
    # Beam tells its workers to use one thread each; the worker that encodes may use all of them.
    threads = part.share(os.cpu_count() or 1)
    encodings = []
    for encodes, model in _models(options).items():
        found = find_model(model, revision=revisions.get(encodes, ""), role=encodes.role)
        chosen = LocalEncoder(encodes, found, device=part.number - 1, threads=threads)
        require_encoder(chosen)
        encodings.append(Encoding(chosen.encoder_id, partial(load_encoder, chosen)))
    return tuple(encodings)


def _models(options: EnrichOptions) -> dict[Modality, str]:
    """Return the models that ``options`` name, by their role."""
    models = {
        Modality.BOTH: options.similarity_model,
        Modality.IMAGES: options.image_encoder,
        Modality.TEXTS: options.text_encoder,
    }
    return {encodes: model for encodes, model in models.items() if model}
