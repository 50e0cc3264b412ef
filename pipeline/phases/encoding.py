"""The encoders that the options name: found and checked before any work is done."""

import os
from dataclasses import dataclass
from functools import partial

from ...schemas.phase import Phase
from ...transforms.captioners.find_model import find_model
from ...transforms.embed.encoder import EncodedBy, Encodes, LoadEncoder
from ...transforms.embed.huggingface import ChosenEncoder, load_encoder, require_encoder
from ..options.phase_options import EnrichOptions
from ..runs.part import Part
from ..runs.record import plain_options
from ..runs.run import Run
from ..runs.work import Step


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoder of a run: its identity, and the function that loads it."""

    by: EncodedBy
    load: LoadEncoder

    @property
    def step(self) -> Step:
        """The step that progress shows."""
        return Step(f"embed for {self.by.encodes.value}", self.by.table.folder, gathers=True)


def choose_encoders(run: Run, options: EnrichOptions, part: Part) -> tuple[Encoding, ...]:
    """Return the encoders that ``options`` name.

    A resumed run keeps the revisions that it was started with. Raises UsageError for a model that
    does not exist or cannot encode what it is named for.
    """
    is_resumed = run.record.changed_option(Phase.ENRICH, plain_options(options)) is None
    recorded = run.record.encoders if is_resumed else ()
    revisions = {by.encodes: by.revision for by in recorded}
    # Beam tells its workers to use one thread each; the worker that encodes may use all of them.
    threads = part.share(os.cpu_count() or 1)
    encodings = []
    for encodes, model in _models(options).items():
        found = find_model(model, model, revisions.get(encodes, ""), role=encodes.role)
        chosen = ChosenEncoder(encodes, found, device=part.number - 1, threads=threads)
        require_encoder(chosen)
        encodings.append(Encoding(chosen.by, partial(load_encoder, chosen)))
    return tuple(encodings)


def _models(options: EnrichOptions) -> dict[Encodes, str]:
    """Return the models that ``options`` name, by their role."""
    models = {
        Encodes.BOTH: options.similarity_model,
        Encodes.IMAGES: options.image_encoder,
        Encodes.TEXTS: options.text_encoder,
    }
    return {encodes: model for encodes, model in models.items() if model}
