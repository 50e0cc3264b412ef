"""Pronouns and names of one thing across the sentences of a caption."""

import pytest

from evenpair.schemas.facts import Attribute
from evenpair.transforms.facts.extract_facts import Mentions
from evenpair.transforms.facts.join_sentences import Sentence, join_sentences, name_pronouns


def sentence(text: str, *objects: str) -> Sentence:
    """A sentence with these objects, each given as `name` or `word=name`."""
    words = text.split()
    named = []
    for item in objects:
        word, _, name = item.partition("=")
        named.append((name or word, (words.index(word),)))
    return Sentence(tuple(words), Mentions(named, [], []))


MEN = sentence("two men near a table", "men=man", "table")
DOG = sentence("a dog on a mat", "dog", "mat")


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        (DOG, sentence("it is brown"), "the dog is brown"),
        (
            DOG,
            sentence("on the left , its tail is up", "tail"),
            "on the left , the dog 's tail is up",
        ),
        (MEN, sentence("they wear hats", "hats=hat"), "the man wear hats"),
        (MEN, sentence("a dog and its bone", "dog", "bone"), "a dog and its bone"),
        (MEN, sentence("it has legs", "legs=leg"), "the table has legs"),
        (
            sentence("a man in a hat", "man", "hat"),
            sentence("he 's happy and his eyes are shut", "eyes=eye"),
            "the man is happy and the man 's eyes are shut",
        ),
        (
            sentence("a woman", "woman"),
            sentence("a dog looks at her and her cat", "dog", "cat"),
            "a dog looks at the woman and the woman 's cat",
        ),
        (
            sentence("a dog and a cat", "dog", "cat"),
            sentence("the latter is black , the former white"),
            "the cat is black , the dog white",
        ),
        (DOG, sentence('a sign says " it is mine "', "sign"), 'a sign says " it is mine "'),
        (DOG, sentence("she smiles"), "she smiles"),
    ],
)
def test_a_pronoun_becomes_the_name_of_an_earlier_object(first, second, named):
    texts = [" ".join(own.words) for own in (first, second)]
    assert name_pronouns(texts, dict(zip(texts, (first, second), strict=True))) == [
        texts[0],
        named,
    ]


def test_a_later_pronoun_means_what_the_earlier_one_meant():
    sentences = [
        sentence("three birds in a field", "birds=bird", "field"),
        sentence("their beaks are open", "beaks=beak"),
        sentence("their wings are white", "wings=wing"),
    ]
    texts = [" ".join(own.words) for own in sentences]
    named = name_pronouns(texts, dict(zip(texts, sentences, strict=True)))
    assert named[1:] == ["the bird 's beaks are open", "the bird 's wings are white"]


def test_a_text_that_is_not_its_words_is_left_alone():
    parsed = {"A dog.": sentence("a dog .", "dog"), "It is red.": sentence("it is red .")}
    assert name_pronouns(list(parsed), parsed) == list(parsed)


@pytest.mark.parametrize(
    ("first", "second", "objects"),
    [
        (
            sentence("a tennis racket", "racket=tennis racket"),
            sentence("the racket", "racket"),
            ("tennis racket",),
        ),
        (sentence("a kitten", "kitten"), sentence("the feline", "feline"), ("kitten",)),
        (sentence("a kitten", "kitten"), sentence("a feline", "feline"), ("kitten", "feline")),
        (
            sentence("a rose and a lily", "rose", "lily"),
            sentence("the flower", "flower"),
            ("rose", "lily", "flower"),
        ),
    ],
)
def test_a_definite_object_is_the_one_named_before(first, second, objects):
    assert join_sentences([first, second]).objects == objects


def test_facts_of_a_renamed_object_go_with_its_name():
    words, mentions = sentence("the vehicle is red", "vehicle")
    told = Sentence(words, mentions._replace(attributes=[(Attribute("vehicle", "red"), (3,))]))
    joined = join_sentences([sentence("a truck", "truck"), told])
    assert joined.attributes == (Attribute("truck", "red"),)
