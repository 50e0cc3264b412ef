"""Models by folder or hub id: found, identified by their content, and refused by name."""

import shutil

import pytest

pytest.importorskip("torch", reason="needs the caption extra")
pytest.importorskip("transformers", reason="needs the caption extra")

from evenpair.schemas.errors import UsageError
from evenpair.transforms.captioners.find_model import fetch_model, find_model, require_captioner

from ...support.messages import raises_naming
from ...support.tiny_captioners import make_captioner


@pytest.fixture(scope="module")
def blip(tmp_path_factory):
    return make_captioner("blip", tmp_path_factory.mktemp("blip"))


def test_the_revision_of_a_folder_depends_on_its_content_only(blip, tmp_path):
    copied = shutil.copytree(blip, tmp_path / "model")
    original, copy = (find_model("m", str(folder)) for folder in (blip, copied))
    assert original.revision == copy.revision
    assert fetch_model(copy) == str(copied)
    weights = bytearray((copied / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copied / "model.safetensors").write_bytes(weights)
    changed = find_model("m", str(copied))
    assert changed.model_type == "blip"
    assert changed.revision != original.revision


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (None, ["config.json"]),
        ("{", ["config.json", "model_type"]),
        ("[]", ["config.json", "model_type"]),
        ("{}", ["config.json", "model_type"]),
    ],
)
def test_a_folder_without_a_model_is_refused(tmp_path, config, named):
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with raises_naming(UsageError, "'m'", *named):
        find_model("m", str(tmp_path))


def test_a_model_that_cannot_caption_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with raises_naming(UsageError, "'m'", "gpt2"):
        require_captioner(find_model("m", str(tmp_path)))


@pytest.mark.parametrize("name", ["no/such/folder", "a b", "x" * 200])
def test_a_name_that_is_neither_a_folder_nor_an_id_is_refused(name):
    with raises_naming(UsageError, f"'{name}'"):
        find_model(name, name)


def test_an_unreachable_hub_is_tried_once(monkeypatch):
    import huggingface_hub

    requests = []

    def fail(*_, **options):
        requests.append(options)
        raise ConnectionError("name or service not known: hub.invalid")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", fail)
    with raises_naming(UsageError, "'nobody/nothing'", "hub") as raised:
        find_model("nobody/nothing", "nobody/nothing")
    assert "hub.invalid" not in str(raised.value)
    assert [options["timeout"] for options in requests] == [10.0]


def test_a_model_in_the_cache_needs_no_hub(blip, tmp_path, monkeypatch):
    import huggingface_hub

    def download(path, name, *, revision, local_files_only=False):
        assert (path, name, revision, local_files_only) == ("a/b", "config.json", None, True)
        return str(snapshot / name)

    snapshot = shutil.copytree(blip, tmp_path / "snapshots" / ("f" * 40))
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    model = find_model("a/b", "a/b")
    assert (model.revision, model.model_type, model.path) == ("f" * 40, "blip", "a/b")
