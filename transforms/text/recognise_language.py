"""Caption -> the language it is written in: by script, words, and in doubt a model.

Few captions reach the model (py3langid, which ships inside its package): a caption whose words are
mostly English words is English, and one of another script is named by that.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...models.load_prior import prior_path

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

PARSER_LANGUAGE = "en"

_LETTERS = re.compile(r"[^\W\d_]")
_SCRIPTS = (
    ("ja", re.compile(r"[぀-ヿ]")),
    ("ko", re.compile(r"[ᄀ-ᇿ가-힯]")),
    ("zh", re.compile(r"[㐀-鿿]")),
    ("ru", re.compile(r"[Ѐ-ԯ]")),
    ("el", re.compile(r"[Ͱ-Ͽ]")),
    ("he", re.compile(r"[֐-׿]")),
    ("ar", re.compile(r"[؀-ۿ]")),
    ("hi", re.compile(r"[ऀ-ॿ]")),
    ("th", re.compile(r"[฀-๿]")),
)

_LATIN = "en de fr es it pt nl pl sv da no fi cs sk hu ro tr id vi hr sl lt lv et ca".split()
_WORD = re.compile(r"[^\W\d_]{2,}")
_FUNCTION_WORDS = frozenset(
    "the and of for with from by at to is are was were be been has have had it its this that "
    "these those he she his her they their you your we our my who which what how why when "
    "where not no all as or if but an into over under up down out off about after before "
    "between during through against near new free sale buy shop online price best top photo "
    "image picture stock video set size pack kit home house book art women men kids girls "
    "boys day night year will can do make made get more most first last one two three black "
    "white red blue green".split()
)
_MIN_WORDS = 3
_KNOWN_SHARE = 0.5
_CONFIDENCE = 0.8
_FOREIGN = frozenset(
    "der die das und mit für von auf ein eine einem einer im zum zur den dem ist nicht "
    "le la les des du et pour avec dans sur un une aux au est qui que en "
    "el los las y con para por del una al su es más "
    "il lo gli di da della dei nel nella per che sono "
    "o os um uma com em no na do dos das ao não "
    "het een van voor met op te bij aan zijn niet "
    "i w z na do dla się jest nie od och på av för att är till med "
    "og til af på ikke ve için bir ile dan yang untuk dengan di na se pro si".split()
)


def recognise_language(caption: str) -> str:
    """Return the code of the language that ``caption`` is written in.

    In doubt it is the parser's language: a name, a code or a title of a few words is no evidence. A
    script stands for the language that uses it most: an Ukrainian caption is called ``ru``; what
    matters is that the parser cannot read it.
    """
    if not caption.isascii():
        letters = len(_LETTERS.findall(caption))
        for code, script in _SCRIPTS:
            if 2 * len(script.findall(caption)) > letters:
                return code
    words = _WORD.findall(caption.lower())
    foreign = _FOREIGN.intersection(words)
    if len(words) < _MIN_WORDS or not foreign:
        return PARSER_LANGUAGE
    known = _known_words()
    mostly_known = sum(word in known for word in words) >= _KNOWN_SHARE * len(words)
    if mostly_known and len(foreign - known) < 2:
        return PARSER_LANGUAGE
    code, confidence = _identifier().classify(" ".join(words))
    return str(code) if confidence >= _CONFIDENCE else PARSER_LANGUAGE


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LATIN)
    return identifier


@cache
def _known_words() -> frozenset[str]:
    """Return the words of the shipped statistics: what English captions are made of."""
    terms = pc.list_flatten(pq.read_table(prior_path(), columns=["terms"])["terms"])
    distinct = pc.unique(terms).to_pylist()
    words = frozenset(word for term in distinct for word in term.split(" "))
    return words | _FUNCTION_WORDS
