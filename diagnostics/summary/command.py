"""Paths of embeddings -> the lines that ``evenpair measure`` prints."""

import json
from collections.abc import Callable, Iterator, Sequence

from ..embeddings.read import open_embeddings
from .figures import Measured
from .options import MeasureOptions
from .show import as_json, as_lines, comparison_as_json, warnings
from .summarise import summarise

Tell = Callable[[str], None]


def measure_lines(
    paths: Sequence[str], options: MeasureOptions, in_json: bool, tell: Tell
) -> Iterator[str]:
    """Yield the figures of one set of embeddings, or of two side by side.

    Raises UsageError for what is not there or does not fit, EvenpairError for what cannot be read.
    """
    measured = [_measure(path, options, tell) for path in paths]
    tell("")
    if in_json:
        compared = len(paths) == 2
        found = comparison_as_json(paths, measured) if compared else as_json(measured[0])
        yield json.dumps(found, ensure_ascii=False)
        return
    yield from as_lines(paths, measured)
    if len(paths) == 2:
        yield from (f"warning: {line}" for line in warnings(paths, measured))


def _measure(path: str, options: MeasureOptions, tell: Tell) -> Measured:
    with open_embeddings(path, options.text_column) as embeddings:
        return summarise(embeddings, options, lambda step: tell(f"{path}: {step}"))
