"""How visibility is learned: from who uses a term, and from WordNet for terms that nobody used."""

from collections import Counter

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the measure extra")

from scipy.sparse import csr_matrix

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.training.train_prior import terms_to_table
from evenpair.training.visibility import Vocabulary, learn_visibility, mentions
from evenpair.training.wordnet import WordNet
from evenpair.transforms.information.terms import ROLES, UNKNOWN_VISIBILITY, Terms

WORDS = ["cat", "dog", "idea", "otter", "paris", "plan", "theory"]
IS_ANIMAL = [1, 1, 0, 1, 0, 0, 0]
IN_ENGLISH = [0.2, 0.3, 0.2, 1e-7, 0.1, 0.2, 1e-7]


def vocabulary() -> Vocabulary:
    features = csr_matrix(np.array([[a, 1 - a] for a in IS_ANIMAL], float))
    shares = dict(zip(WORDS, IN_ENGLISH, strict=True))
    return Vocabulary(
        WORDS,
        np.array([word == "paris" for word in WORDS]),
        dict.fromkeys(ROLES, features),
        dict.fromkeys(ROLES, shares),
    )


def learned() -> tuple[dict, tuple]:
    described = [Facts(("dog", "cat", "hot dog")), Facts(("dog", "xk-12"))] * 20
    web = [Facts(("plan", "idea", "xk-12", "plan b")), Facts(("idea", "dog"))] * 20
    others = Facts((), (Attribute("dog", "idea"),), (Relation("dog", "plan", "cat"),))
    both = mentions([*described, others]), mentions([*web, others])
    return learn_visibility(vocabulary(), *both), both


def test_what_describes_pictures_is_visible():
    visibility = learned()[0]["object"]
    assert min(visibility["cat"], visibility["dog"]) > 0.6
    assert visibility["idea"] < 0.1
    assert visibility["hot dog"] > visibility["xk-12"] > visibility["plan b"]


def test_words_that_nobody_used_are_as_visible_as_their_kind():
    visibility = learned()[0]["object"]
    assert visibility["otter"] > 2 * visibility["theory"]


def test_a_name_is_not_visible():
    assert learned()[0]["object"]["paris"] < UNKNOWN_VISIBILITY


def test_the_table_has_all_words_and_the_terms_that_are_mentioned_often():
    visibility, both = learned()
    terms = Terms(terms_to_table(vocabulary(), visibility, both))
    for term in (*WORDS, "hot dog", "plan b", "xk-12"):
        known = pytest.approx(visibility["object"][term], abs=0.006)
        assert terms.visibility(term, "object") == known
    assert terms.share("dog", "object") == pytest.approx(0.3, rel=0.05)
    assert terms.share("xk-12", "object") is None


def test_terms_are_counted_in_their_roles():
    facts = Facts(("dog", "rug"), (Attribute("dog", "old"),), (Relation("dog", "on", "rug"),))
    assert mentions([facts, Facts(("dog",))]) == {
        "object": Counter({"dog": 2, "rug": 1}),
        "quality": Counter({"old": 1}),
        "predicate": Counter({"on": 1}),
    }


def test_wordnet_gives_the_senses_of_a_word_and_all_that_they_are(tmp_path):
    data = {
        "noun": """\
  1 a line of the licence
00000001 03 n 01 entity 0 001 ~ 00000002 n 0000 | all
00000002 05 n 02 dog 0 Rex 1 001 @ 00000001 n 0000 | it barks
00000003 07 n 01 colour 0 000 | of light""",
        "adj": """\
00000001 00 a 01 red(p) 0 002 = 00000003 n 0000 & 00000002 a 0000 | as blood
00000002 00 s 01 scarlet 0 001 & 00000001 a 0000 | redder""",
        "verb": "00000001 38 v 01 dog 0 000 01 + 08 00 | follow",
        "adv": "",
    }
    for kind, lines in data.items():
        (tmp_path / f"data.{kind}").write_text(lines, "utf-8")
    index = [
        "dog%1:05:00:: 00000002 1 42",
        "dog%2:38:00:: 00000001 2 0",
        "rex%1:05:01:: 00000002 1 0",
        "red%3:00:01:: 00000001 1 3",
        "scarlet%5:00:00:red:01 00000002 1 0",
        "hot_dog%1:13:00:: 00000001 1 0",
    ]
    (tmp_path / "index.sense").write_text("\n".join(index), "utf-8")
    wordnet = WordNet(tmp_path)
    assert list(wordnet.words) == ["dog", "red", "rex", "scarlet"]
    (noun,), (verb,) = wordnet.senses("dog", "noun"), wordnet.senses("dog", "verb")
    assert (noun.weight, noun.is_name, verb.weight) == (43.0, False, 0.5)
    assert [sense.is_name for sense in wordnet.senses("rex", "noun")] == [True]
    of_dog = {"noun-00000002", "noun-00000001", "noun category 05", "noun category 03"}
    assert wordnet.kinds(noun.synset) == of_dog
    (scarlet,) = wordnet.senses("scarlet", "adj")
    of_colours = {"adj-00000002", "adj-00000001", "noun-00000003"}
    assert wordnet.kinds(scarlet.synset) >= of_colours
    (red,) = wordnet.senses("red", "adj")
    assert "adj-00000002" not in wordnet.kinds(red.synset)
