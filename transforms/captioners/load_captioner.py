"""What a run asks its images about -> the captioner that answers, loaded where it is used."""

from dataclasses import dataclass

from .captioner import Asked, Captioner
from .find_model import FoundModel, fetch_model
from .huggingface import LocalModel, load_huggingface


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model that was found, and how it is to be asked."""

    found: FoundModel
    prompt: str
    batch_size: int
    max_new_tokens: int
    device: int = 0
    threads: int = 0

    @property
    def asked(self) -> Asked:
        """What is recorded with every answer."""
        return Asked(self.found.model, self.found.revision, self.prompt)


def load_captioner(chosen: ChosenModel) -> Captioner:
    """Load the model that was chosen, fetched first if need be.

    Raises UsageError if it cannot be loaded, EvenpairError if it cannot be fetched.
    """
    return load_huggingface(
        LocalModel(
            chosen.found.model,
            chosen.found.revision,
            chosen.prompt,
            fetch_model(chosen.found),
            chosen.batch_size,
            chosen.max_new_tokens,
            chosen.device,
            chosen.threads,
        )
    )
