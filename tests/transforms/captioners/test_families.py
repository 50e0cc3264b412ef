"""Each family of models through the code that loads them: tiny ones of the real classes."""

import shutil

import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs the caption extra")
pytest.importorskip("transformers", reason="needs the caption extra")

from evenpair.schemas.errors import UsageError
from evenpair.transforms.captioners.ask_captioner import Asker, prepare_question
from evenpair.transforms.captioners.families import CHAT_PROMPT, family_of
from evenpair.transforms.captioners.find_model import fetch_model, find_model, require_captioner
from evenpair.transforms.captioners.huggingface import HuggingFaceCaptioner, LocalModel
from evenpair.transforms.captioners.load_captioner import ChosenModel, load_captioner

from ...support.tiny_captioners import MAKERS, make_captioner

pytestmark = pytest.mark.filterwarnings("ignore")

PROMPTED = {"blip": "a photo of", "blip2_opt": "a photo of", "git": "a photo of"}
TOKENS = 12


@pytest.fixture(scope="module", params=sorted(MAKERS))
def family(request, tmp_path_factory):
    """The name of a family, and the folder of a model of it."""
    return request.param, make_captioner(request.param, tmp_path_factory.mktemp(request.param))


def picture(number):
    """Return a picture of another shape and colour for each number."""
    size = (20 + number * 7 % 41, 18 + number * 11 % 37)
    rings = Image.radial_gradient("L").rotate(number * 37).resize(size).convert("RGB")
    ground = Image.new("RGB", size, tuple(number * step % 255 for step in (40, 90, 130)))
    return Image.blend(rings, ground, 0.6)


def load(folder, prompt="", **options):
    found = find_model("m", str(folder))
    require_captioner(found)
    chosen = ChosenModel(found, prompt or found.default_prompt, 8, TOKENS, **options)
    return load_captioner(chosen)


def ask(captioner, images):
    return captioner.caption(captioner.prepare(images))


def test_the_answer_is_the_same_alone_as_among_eight(family):
    name, folder = family
    pictures = [picture(number) for number in range(8)]
    for prompt in dict.fromkeys(["", PROMPTED.get(name, "")]):
        captioner = load(folder, prompt)
        together = ask(captioner, pictures)
        assert [ask(captioner, [one])[0] for one in pictures] == together
        assert len({answer.text for answer in together}) > 2
        assert ask(load(folder, prompt), pictures) == together


def test_no_answer_repeats_its_prompt_and_a_cut_one_says_so(family):
    name, folder = family
    captioner = load(folder, PROMPTED.get(name, ""))
    answers = ask(captioner, [picture(number) for number in range(4)])
    words = captioner.asked.prompt.split()
    assert not any(words and answer.text.split()[: len(words)] == words for answer in answers)
    assert all(len(answer.text.split()) <= TOKENS for answer in answers)
    assert True in {answer.is_cut for answer in answers}


@pytest.mark.parametrize(
    ("model_type", "prompt"),
    [("blip", ""), ("git", ""), ("paligemma", "caption en"), ("smolvlm", CHAT_PROMPT)],
)
def test_what_a_family_is_asked_if_nobody_says(model_type, prompt):
    assert family_of(model_type).prompt == prompt


@pytest.fixture(scope="module")
def blip(tmp_path_factory):
    return make_captioner("blip", tmp_path_factory.mktemp("blip"))


@pytest.fixture
def copied(blip, tmp_path):
    return shutil.copytree(blip, tmp_path / "model")


def test_a_long_answer_ends_where_the_model_has_no_more_positions(blip):
    captioner = HuggingFaceCaptioner(LocalModel("m", "", "", str(blip), 2, max_new_tokens=10**6))
    [answer] = ask(captioner, [picture(0)])
    assert 20 < len(answer.text.split()) <= 40


def test_a_device_that_bears_three_at_once_captions_eight(blip, monkeypatch):
    import torch

    pictures = [picture(number) for number in range(8)]
    captioner = load(blip)
    expected = ask(captioner, pictures)
    generate = captioner._model.generate

    def bear_three(**inputs):
        if len(inputs["pixel_values"]) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(**inputs)

    monkeypatch.setattr(captioner._model, "generate", bear_three)
    assert Asker(captioner).ask(prepare_question(pictures, captioner)) == expected


def test_weights_are_safetensors_or_nothing(copied):
    import torch

    (copied / "model.safetensors").unlink()
    torch.save({}, copied / "pytorch_model.bin")
    with pytest.raises(UsageError, match=r"^captioner 'm' cannot be loaded: "):
        load(copied)


def test_a_chat_model_without_its_template_is_refused(tmp_path):
    folder = make_captioner("qwen2_5_vl", tmp_path / "model")
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(UsageError, match="has no chat template"):
        load(folder)


class TestFindModel:
    def test_a_folder_is_told_by_what_it_holds(self, copied):
        before = find_model("m", str(copied))
        assert before == find_model("m", str(copied))
        assert fetch_model(before) == str(copied)
        weights = bytearray((copied / "model.safetensors").read_bytes())
        weights[-1] ^= 1
        (copied / "model.safetensors").write_bytes(weights)
        after = find_model("m", str(copied))
        assert (after.model_type, after.revision != before.revision) == ("blip", True)

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            (None, "it has no config.json"),
            ("{", "its config.json names no model_type"),
            ("[]", "its config.json names no model_type"),
            ("{}", "its config.json names no model_type"),
        ],
    )
    def test_a_folder_that_is_no_model(self, tmp_path, config, message):
        if config is not None:
            (tmp_path / "config.json").write_text(config)
        with pytest.raises(UsageError, match=message):
            find_model("m", str(tmp_path))

    def test_a_model_that_cannot_caption(self, tmp_path):
        (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
        with pytest.raises(UsageError, match=r"'m' cannot caption: it is a gpt2 model"):
            require_captioner(find_model("m", str(tmp_path)))

    @pytest.mark.parametrize("name", ["no/such/folder", "a b", "x" * 200])
    def test_what_is_neither_a_folder_nor_an_id(self, name):
        with pytest.raises(UsageError, match=r"^there is no captioner '.*': no such folder$"):
            find_model(name, name)

    def test_a_hub_that_cannot_be_reached_is_asked_once(self, monkeypatch):
        import huggingface_hub

        asked = []

        def fail(self, *_, **options):
            asked.append(options)
            raise ConnectionError("name or service not known: hub.invalid")

        monkeypatch.setattr(huggingface_hub.HfApi, "model_info", fail)
        with pytest.raises(UsageError, match=r"and the hub cannot be reached$") as raised:
            find_model("nobody/nothing", "nobody/nothing")
        assert "hub.invalid" not in str(raised.value)
        assert [options["timeout"] for options in asked] == [10.0]

    def test_a_model_in_the_cache_needs_no_hub(self, blip, tmp_path, monkeypatch):
        import huggingface_hub

        def download(path, name, *, revision, local_files_only=False):
            assert (path, name, revision, local_files_only) == ("a/b", "config.json", None, True)
            return str(snapshot / name)

        snapshot = shutil.copytree(blip, tmp_path / "snapshots" / ("f" * 40))
        monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
        found = find_model("a/b", "a/b")
        assert (found.revision, found.model_type, found.path) == ("f" * 40, "blip", "a/b")
