"""Encoders through the code that loads them: tiny models of the real classes."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the caption extra")
pytest.importorskip("transformers", reason="needs the caption extra")

from evenpair.schemas.errors import UsageError
from evenpair.transforms.captioners.find_model import find_model
from evenpair.transforms.embed.encoder import Encodes
from evenpair.transforms.embed.huggingface import ChosenEncoder, load_encoder, require_encoder

from ...support.messages import raises_naming
from ...support.pictures import picture
from ...support.tiny_captioners import make_captioner
from ...support.tiny_encoders import MAKERS, make_encoder

pytestmark = pytest.mark.filterwarnings("ignore")

TEXTS = ["a dog", "a cat on the red rug", "dog", "a small dog and a small cat on a rug"] * 2
TEXTS[7] = "a photo of a cat " * 20
FITS = [
    ("clip", Encodes.BOTH),
    ("siglip", Encodes.BOTH),
    ("dinov2", Encodes.IMAGES),
    ("clip", Encodes.IMAGES),
    ("bert", Encodes.TEXTS),
    ("siglip", Encodes.TEXTS),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {name: make_encoder(name, tmp_path_factory.mktemp(name)) for name in MAKERS}


def chosen(folder, encodes):
    return ChosenEncoder(encodes, find_model("m", str(folder), role="encoder"))


def load(folder, encodes):
    require_encoder(chosen(folder, encodes))
    return load_encoder(chosen(folder, encodes))


def images_of(encoder, pictures):
    return np.stack(encoder.encode_images(encoder.prepare(pictures)))


@pytest.mark.parametrize(("name", "encodes"), FITS)
def test_a_vector_is_the_same_alone_and_among_eight(folders, name, encodes):
    encoder, again = (load(folders[name], encodes) for _ in range(2))
    vectors = []
    if encoder.by.reads_images:
        pictures = [picture(number) for number in range(8)]
        together = images_of(encoder, pictures)
        vectors.append((together, [images_of(encoder, [one])[0] for one in pictures]))
        assert np.array_equal(images_of(again, pictures), together)
    if encoder.by.reads_texts:
        together = np.stack(encoder.encode_texts(TEXTS))
        vectors.append((together, [encoder.encode_texts([one])[0] for one in TEXTS]))
    assert len(vectors) == (2 if encodes is Encodes.BOTH else 1)
    for together, alone in vectors:
        assert together.dtype == np.float32
        np.testing.assert_allclose(together, alone, atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
        assert len(np.unique(together.round(4), axis=0)) >= 4
    assert len({together.shape[1] for together, _ in vectors}) == 1


def test_the_vectors_are_those_of_the_model_itself(folders):
    import torch
    import transformers as tf

    clip = load(folders["clip"], Encodes.BOTH)
    model = tf.CLIPModel.from_pretrained(folders["clip"]).eval()
    pixels = tf.CLIPImageProcessorPil.from_pretrained(folders["clip"])
    words = tf.AutoTokenizer.from_pretrained(folders["clip"])
    pictures = [picture(number) for number in range(3)]
    inputs = {
        **words(TEXTS[:4], return_tensors="pt", padding=True),
        **pixels(pictures, return_tensors="pt"),
    }
    with torch.inference_mode():
        expected = model(**inputs).logits_per_image / model.logit_scale.exp()
    cosines = images_of(clip, pictures) @ np.stack(clip.encode_texts(TEXTS[:4])).T
    np.testing.assert_allclose(cosines, expected.numpy(), atol=1e-5)


def test_a_sentence_is_the_mean_of_its_words(folders):
    import torch
    import transformers as tf

    model = tf.BertModel.from_pretrained(folders["bert"]).eval()
    words = tf.AutoTokenizer.from_pretrained(folders["bert"])
    with torch.inference_mode():
        states = model(**words("a dog", return_tensors="pt")).last_hidden_state[0]
    mean = states.mean(0) / states.mean(0).norm()
    [vector, _] = load(folders["bert"], Encodes.TEXTS).encode_texts(["a dog", TEXTS[7]])
    np.testing.assert_allclose(vector, mean.numpy(), atol=1e-6)


def test_a_pooler_without_weights_is_not_used(tmp_path):
    import torch
    import transformers as tf

    vision = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = tf.ViTModel(
        tf.ViTConfig(**vision, intermediate_size=48, image_size=16, patch_size=8),
        add_pooling_layer=False,
    )
    model.save_pretrained(tmp_path)
    tf.ViTImageProcessorPil(size={"height": 16, "width": 16}).save_pretrained(tmp_path)
    encoder = load(tmp_path, Encodes.IMAGES)
    prepared = encoder.prepare([picture(1)])
    with torch.inference_mode():
        first = model.eval()(**prepared).last_hidden_state[0, 0]
    [vector] = encoder.encode_images(prepared)
    np.testing.assert_allclose(vector, (first / first.norm()).numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "encodes", "option"),
    [
        ("bert", Encodes.BOTH, "--similarity-model"),
        ("dinov2", Encodes.BOTH, "--similarity-model"),
        ("bert", Encodes.IMAGES, "--image-encoder"),
        ("dinov2", Encodes.TEXTS, "--text-encoder"),
    ],
)
def test_a_model_of_another_kind_is_refused(folders, name, encodes, option):
    with raises_naming(UsageError, f"{option} m", name):
        require_encoder(chosen(folders[name], encodes))


def test_a_model_without_weights_is_refused(folders, tmp_path):
    import json
    import shutil

    from safetensors.torch import load_file, save_file

    copied = shutil.copytree(folders["clip"], tmp_path / "clip")
    weights = load_file(copied / "model.safetensors")
    del weights["text_projection.weight"]
    save_file(weights, copied / "model.safetensors", {"format": "pt"})
    assert json.loads((copied / "config.json").read_text())["model_type"] == "clip"
    with raises_naming(UsageError, "text_projection.weight"):
        load(copied, Encodes.BOTH)


def test_a_captioner_and_an_encoder_decoder_are_refused(tmp_path):
    with raises_naming(UsageError, "--similarity-model", "git"):
        require_encoder(chosen(make_captioner("git", tmp_path), Encodes.BOTH))
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    with raises_naming(UsageError, "--text-encoder", "t5"):
        require_encoder(chosen(tmp_path, Encodes.TEXTS))
