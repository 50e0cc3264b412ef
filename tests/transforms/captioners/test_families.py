"""Each family of models through the code that loads them: tiny ones of the real classes."""

import shutil

import pytest

pytest.importorskip("torch", reason="needs the caption extra")
pytest.importorskip("transformers", reason="needs the caption extra")

from evenpair.schemas.errors import UsageError
from evenpair.transforms.captioners.ask_captioner import Asker, prepare_question
from evenpair.transforms.captioners.families import CHAT_PROMPT, family_of
from evenpair.transforms.captioners.find_model import find_model, require_captioner
from evenpair.transforms.captioners.huggingface import HuggingFaceCaptioner, LocalModel
from evenpair.transforms.captioners.load_captioner import ChosenModel, load_captioner

from ...support.messages import raises_naming
from ...support.pictures import picture
from ...support.tiny_captioners import MAKERS, make_captioner

pytestmark = pytest.mark.filterwarnings("ignore")

PROMPTED = {"blip": "a photo of", "blip2_opt": "a photo of", "git": "a photo of"}
TOKENS = 12


@pytest.fixture(scope="module", params=sorted(MAKERS))
def family(request, tmp_path_factory):
    """The name of a family, and the folder of a model of it."""
    return request.param, make_captioner(request.param, tmp_path_factory.mktemp(request.param))


def load(folder, prompt="", **options):
    model = find_model("m", str(folder))
    require_captioner(model)
    chosen = ChosenModel(model, prompt or model.default_prompt, 8, TOKENS, **options)
    return load_captioner(chosen)


def ask(captioner, images):
    return captioner.caption(captioner.prepare(images))


def test_an_image_gets_the_same_answer_alone_and_among_eight(family):
    name, folder = family
    pictures = [picture(number) for number in range(8)]
    for prompt in dict.fromkeys(["", PROMPTED.get(name, "")]):
        captioner = load(folder, prompt)
        together = ask(captioner, pictures)
        assert [ask(captioner, [one])[0] for one in pictures] == together
        assert len({answer.text for answer in together}) > 2
        assert ask(load(folder, prompt), pictures) == together


def test_an_answer_has_no_prompt_and_is_marked_when_it_is_cut(family):
    name, folder = family
    captioner = load(folder, PROMPTED.get(name, ""))
    answers = ask(captioner, [picture(number) for number in range(4)])
    prompt = captioner.asked.prompt
    assert [a for a in answers if prompt and a.text.startswith(prompt)] == []
    assert 0 < max(len(answer.text.split()) for answer in answers) <= TOKENS
    assert True in {answer.is_cut for answer in answers}


@pytest.mark.parametrize(
    ("model_type", "prompt"),
    [("blip", ""), ("git", ""), ("paligemma", "caption en"), ("smolvlm", CHAT_PROMPT)],
)
def test_every_family_has_its_own_prompt(model_type, prompt):
    assert family_of(model_type).prompt == prompt


@pytest.fixture(scope="module")
def blip(tmp_path_factory):
    return make_captioner("blip", tmp_path_factory.mktemp("blip"))


@pytest.fixture
def copied(blip, tmp_path):
    return shutil.copytree(blip, tmp_path / "model")


def test_an_answer_ends_at_the_last_position_of_the_model(blip):
    captioner = HuggingFaceCaptioner(LocalModel("m", "", "", str(blip), 2, max_new_tokens=10**6))
    [answer] = ask(captioner, [picture(0)])
    assert 20 < len(answer.text.split()) <= 40


def test_a_device_with_memory_for_three_images_captions_eight(blip, monkeypatch):
    import torch

    pictures = [picture(number) for number in range(8)]
    captioner = load(blip)
    expected = ask(captioner, pictures)
    generate = captioner._model.generate

    def generate_three(**inputs):
        if len(inputs["pixel_values"]) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(**inputs)

    monkeypatch.setattr(captioner._model, "generate", generate_three)
    assert Asker(captioner).ask(prepare_question(pictures, captioner)) == expected


def test_pickled_weights_are_refused(copied):
    import torch

    (copied / "model.safetensors").unlink()
    torch.save({}, copied / "pytorch_model.bin")
    with raises_naming(UsageError, "'m'"):
        load(copied)


def test_a_chat_model_without_its_template_is_refused(tmp_path):
    folder = make_captioner("qwen2_5_vl", tmp_path / "model")
    (folder / "chat_template.jinja").unlink()
    with raises_naming(UsageError, "'m'", "chat template"):
        load(folder)
