"""Loading spaCy pipelines: the caption parser that ships with evenpair, or any other by name."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

SHIPPED_PARSER = Path(__file__).parent / "caption_parser"


class ModelNotFoundError(ValueError):
    """No model has this name: the message is one line and says what to do."""


def load_parser(name: str | None = None) -> "Language":
    """A spaCy pipeline with a dependency parse: the shipped one, or any by package name or path."""
    with _without_torch():
        import spacy
    path = SHIPPED_PARSER / "pipeline" if name is None else name
    try:
        nlp = spacy.load(path)
    except OSError as error:
        raise ModelNotFoundError(
            f"no spaCy pipeline {str(path)!r}: give an installed package, a folder, or none for the "
            "parser that ships with evenpair"
        ) from error
    if not nlp.has_pipe("parser"):
        raise ModelNotFoundError(
            f"the spaCy pipeline {str(path)!r} has no dependency parser, but "
            f"{', '.join(nlp.pipe_names) or 'nothing'}"
        )
    return nlp


@contextmanager
def _without_torch() -> Iterator[None]:
    """Let spaCy be imported without torch, which it would load only to look for a GPU.

    torch stays importable: a process that has it keeps it, another can import it later.
    """
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["torch"]
