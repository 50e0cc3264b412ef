"""Loading spaCy pipelines: the caption parser that ships with evenpair, or any other by name."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.language import Language

SHIPPED_PARSER = Path(__file__).parent / "caption_parser" / "pipeline"
SHIPPED_WORDS = SHIPPED_PARSER.with_name("words.txt")
LEXICON = "lexicon"
"""Where the shipped parser keeps its lexicon among its pipeline's metadata."""


_LONGEST = 200


class ModelNotFoundError(ValueError):
    """No model that can be loaded has this name: the message is one line and says what to do."""


def load_parser(name: str | None = None) -> "Language":
    """A spaCy pipeline with a dependency parse: the shipped one, or any by package name or path.

    Raises ModelNotFoundError if there is none, or if it is damaged.
    """
    with _without_torch():
        import spacy
    from . import arc_parser

    path = SHIPPED_PARSER if name is None else name
    try:
        nlp = spacy.load(path)
    except OSError as error:
        raise ModelNotFoundError(
            f"no spaCy pipeline {str(path)!r}: give an installed package or a folder, or nothing "
            "for the parser that ships with evenpair"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # each part of a pipeline reads its files in its own way
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
        raise ModelNotFoundError(
            f"the spaCy pipeline {str(path)!r} is damaged, or made for another version: install or "
            f"copy it again ({reason})"
        ) from error
    if not (nlp.has_pipe("parser") or nlp.has_pipe(arc_parser.ARCS)):
        raise ModelNotFoundError(
            f"the spaCy pipeline {str(path)!r} has no dependency parser, but "
            f"{', '.join(nlp.pipe_names) or 'nothing'}"
        )
    if nlp.has_pipe(arc_parser.ARCS):
        nlp.vocab.lex_attr_getters = {}  # the arcs need nothing of a word but its text
    _multiply_with_numpy(nlp)
    return nlp


def shipped_lexicon() -> dict[str, Any]:
    """The tables of terms that the shipped parser was trained with, without loading it."""
    meta = json.loads((SHIPPED_PARSER / "meta.json").read_text("utf-8"))
    tables: dict[str, Any] = meta[LEXICON]
    return tables


def shipped_words() -> dict[str, int]:
    """Words that the shipped parser takes as rightly spelt, with their counts among captions."""
    lines = SHIPPED_WORDS.read_text("utf-8").splitlines()
    return {word: int(count or 0) for word, _, count in (line.partition(" ") for line in lines)}


def _multiply_with_numpy(nlp: "Language") -> None:
    """Multiply matrices with NumPy's BLAS, which knows more processors than spaCy's own does."""
    from thinc.api import Model, NumpyOps

    fast = NumpyOps(use_blis=False)
    for _, pipe in nlp.pipeline:
        model = getattr(pipe, "model", None)
        for node in model.walk() if isinstance(model, Model) else ():
            if type(node.ops) is NumpyOps:
                node.ops = fast


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
