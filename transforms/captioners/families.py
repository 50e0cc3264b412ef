"""Families of image-to-text models: how each is asked, and what it is asked if nobody says."""

from dataclasses import dataclass
from enum import StrEnum


class Asks(StrEnum):
    """The form in which a model takes its prompt."""

    PLAIN = "plain"  # the beginning of the caption, the name of a task, or nothing
    MARKED = "marked"  # behind the mark that stands for the image
    CHAT = "chat"  # the message of a user, by the model's own chat template


@dataclass(frozen=True, slots=True)
class Family:
    """How the models of one type are asked.

    A model that ``needs_text`` is given an empty prompt rather than none. The tokenizer of one that
    ``closes_prompt`` ends every text with a mark, which must not stand before the answer.
    """

    asks: Asks
    prompt: str
    needs_text: bool = False
    closes_prompt: bool = False


CHAT_PROMPT = (
    "Describe this image in one or two plain sentences: what is there, what it looks like, what it "
    "does, and where things are. Name nothing that cannot be seen."
)

_CHAT = Family(Asks.CHAT, CHAT_PROMPT, needs_text=True)
_FAMILIES = {
    "blip": Family(Asks.PLAIN, "", closes_prompt=True),
    "blip-2": Family(Asks.PLAIN, "", needs_text=True),
    "instructblip": Family(Asks.PLAIN, "A short image description:", needs_text=True),
    "git": Family(Asks.PLAIN, "", closes_prompt=True),
    "florence2": Family(Asks.PLAIN, "<DETAILED_CAPTION>", needs_text=True),
    "paligemma": Family(Asks.MARKED, "caption en", needs_text=True),
}


def family_of(model_type: str) -> Family:
    """Return how models of a type are asked; all that are not listed are chat models."""
    return _FAMILIES.get(model_type, _CHAT)
