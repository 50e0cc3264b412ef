"""evenpair evens out the information in image-text datasets before contrastive training.

    import evenpair

    evenpair.read_facts(["a large brown dog"])
    evenpair.score_captions(["a large brown dog"])
    evenpair.run("shards/*.tar", "RUN", captioner="demo", keep_fraction=0.7)

Each name is imported at its first use, so that ``import evenpair`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pipeline.facts import read_facts, score_captions
    from .pipeline.runs.record import Counts
    from .runners.python import enrich, run, score, select, write
    from .schemas.errors import EvenpairError, UsageError
    from .schemas.facts import Attribute, Facts, Relation

__version__ = "0.1.0"

__all__ = [
    "Attribute",
    "Counts",
    "EvenpairError",
    "Facts",
    "Relation",
    "UsageError",
    "enrich",
    "read_facts",
    "run",
    "score",
    "score_captions",
    "select",
    "write",
]

_MODULES = {
    "pipeline.facts": ("read_facts", "score_captions"),
    "pipeline.runs.record": ("Counts",),
    "runners.python": ("enrich", "run", "score", "select", "write"),
    "schemas.errors": ("EvenpairError", "UsageError"),
    "schemas.facts": ("Attribute", "Facts", "Relation"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a class or a function
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
