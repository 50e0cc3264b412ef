"""Loading a spaCy pipeline by name or path."""

import subprocess
import sys

import spacy

from evenpair.models.load_parser import ModelNotFoundError, load_parser

from ..support.messages import raises_naming


def test_an_unknown_pipeline_is_named():
    with raises_naming(ModelNotFoundError, "'no_such_model'"):
        load_parser("no_such_model")


def test_a_pipeline_without_a_parse_is_refused(tmp_path):
    spacy.blank("en").to_disk(tmp_path)
    with raises_naming(ModelNotFoundError, tmp_path, "dependency parser"):
        load_parser(str(tmp_path))


def test_loading_the_parser_leaves_torch_unimported_but_importable():
    code = (
        "import sys; from importlib.util import find_spec; before = find_spec('torch') is not None;"
        "from evenpair.models.load_parser import load_parser; load_parser();"
        "print(sys.modules.get('torch'), (find_spec('torch') is not None) == before)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout.split()) == (0, ["None", "True"]), ran.stderr
