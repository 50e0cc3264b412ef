"""``evenpair measure``: the command, its arguments, and what it calls."""

import importlib.util
import sys
from typing import Any

import click
import cloup

from ...diagnostics.summary.options import MeasureOptions
from ...schemas.errors import UsageError
from .options import option_group, record_from
from .session import print_lines

_JSON = cloup.option("--json", "in_json", is_flag=True, help="Print one object of JSON.")
_COMPARE = cloup.option(
    "--compare", default="", metavar="OTHER", help="Put other embeddings beside these."
)


@cloup.command()
@cloup.argument("embeddings", metavar="EMBEDDINGS")
@option_group("Measures", MeasureOptions, extra=(_JSON, _COMPARE))
def measure(embeddings: str, in_json: bool, compare: str, **values: Any) -> None:
    """Measure the modality gap, object bias, entropy and retrieval of a trained model.

    EMBEDDINGS are an .npz, .safetensors or Parquet file, or the embeddings of a run
    (RUN/embeddings, after enrich --similarity-model). It holds the arrays "image" and "text", one
    row each; "text_to_image", the row of the image of each text, where they are not pairs;
    "object" and "attribute", a label for each image or a boolean matrix; "temperature";
    "object_prompts" and "attribute_prompts", a text for each label; "short" and "foil", a true
    text for each image and the same with one wrong detail. All but the first two may be missing.
    """
    options = record_from(MeasureOptions, values)
    if importlib.util.find_spec("sklearn") is None:
        raise UsageError("scikit-learn is missing: pip install 'evenpair[measure]'")
    from ...diagnostics.summary.command import measure_lines

    paths = [embeddings, *filter(None, [compare])]
    print_lines(measure_lines(paths, options, in_json, _tell))


def _tell(step: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{step}", nl=False, err=True)
