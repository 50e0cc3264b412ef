"""The language of a caption; in doubt English."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.text.recognise_language import recognise_language


@pytest.mark.parametrize(
    ("caption", "language"),
    [
        ("a large brown dog lies on a red rug", "en"),
        ("Michael Kors Women's White Silicon Watch", "en"),
        ("La Digue", "en"),
        ("IMG_2034.jpg", "en"),
        ("", "en"),
        ("Ein großer Hund liegt auf dem roten Teppich", "de"),
        ("rote Schuhe mit Absatz für die Dame", "de"),
        ("Une femme marche dans la rue avec un chien", "fr"),
        ("Un perro duerme en el sofá de la sala", "es"),
        ("Una donna cammina per la strada con il cane", "it"),
        ("Een vrouw met een hond op de fiets", "nl"),
        ("Uma mulher com um cachorro na praia", "pt"),
        ("собака лежит на ковре", "ru"),
        ("ソファの上の犬", "ja"),
        ("红色地毯上的狗", "zh"),
        ("the word собака on a sign above a shop", "en"),
        ("1234 !?", "en"),
        ("犬がいる", "ja"),
        ("一只狗", "zh"),
        ("개가 있다", "ko"),
        ("ένας σκύλος", "el"),
        ("كلب على بساط", "ar"),
        ("כלב", "he"),
        ("कुत्ता", "hi"),
        ("สุนัข", "th"),
        ("dog 犬", "en"),
        ("🐶🐶🐶", "en"),
    ],
)
def test_a_language_is_recognised_by_script_and_words(caption: str, language: str):
    assert recognise_language(caption) == language


@given(st.text())
def test_every_text_has_the_code_of_a_language(caption: str):
    assert re.fullmatch("[a-z]{2,3}", recognise_language(caption))
