"""Sentences -> their facts, by the decoder that fits a spaCy pipeline."""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Protocol

from ...models.load_parser import LEXICON, shipped_lexicon, shipped_words
from ..text.clean_caption import clean_caption, plain_text
from ..text.correct_spelling import Speller
from .affirm import affirm
from .attach_writing import attach_writing
from .canonical_terms import Lexicon
from .extract_facts import extract_facts
from .extract_facts_from_dependencies import extract_facts_from_dependencies
from .join_sentences import Sentence
from .remove_denied import remove_denied

if TYPE_CHECKING:
    from spacy.language import Language


class SentenceReader(Protocol):
    def split(self, caption: str) -> list[str]:
        """A caption's sentences, such as `read` takes them."""
        ...

    def read(self, sentences: Iterable[str]) -> dict[str, Sentence]:
        """Each distinct sentence, parsed."""
        ...


def sentence_reader(nlp: "Language") -> SentenceReader:
    """The reader for the shipped parser's own labels, or for grammatical ones."""
    if LEXICON in nlp.meta:
        return FactReader(nlp)
    return DependencyReader(nlp)


@cache
def _shipped_speller() -> Speller:
    words = shipped_words()
    return Speller(words, {word: count for word, count in words.items() if count})


class FactReader:
    """For the shipped parser: arcs are facts, words are tokens."""

    def __init__(self, nlp: "Language") -> None:
        from ...models.arc_parser import ARCS

        self._nlp, self._key = nlp, ARCS
        self._lexicon = Lexicon.of(nlp.meta[LEXICON])
        self._speller = _shipped_speller()

    def split(self, caption: str) -> list[str]:
        return [self._speller.correct(said, caption) for said in clean_caption(caption)]

    def read(self, sentences: Iterable[str]) -> dict[str, Sentence]:
        from spacy.tokens import Doc

        texts = list(sentences)
        words = [tuple(text.split(" ")) for text in texts]
        denied = [affirm(own) for own in words]
        both = [*words, *(said.words for said in denied if said)]
        docs = self._nlp.pipe(Doc(self._nlp.vocab, words=list(own)) for own in both)
        drawn = [doc.user_data[self._key] for doc in docs]
        affirmed = iter(drawn[len(words) :])
        read = {}
        for text, own, said, arcs in zip(texts, words, denied, drawn, strict=False):
            left = remove_denied(said, next(affirmed)) if said else None
            arcs = attach_writing(own, arcs if left is None else left)
            read[text] = Sentence(own, extract_facts(own, arcs, self._lexicon))
        return read


class DependencyReader:
    """For any other pipeline: its own tokens, tags and sentences, on the text as it stands."""

    def __init__(self, nlp: "Language") -> None:
        self._nlp = nlp
        self._lexicon = Lexicon.of(shipped_lexicon())

    def split(self, caption: str) -> list[str]:
        return plain_text(caption)

    def read(self, sentences: Iterable[str]) -> dict[str, Sentence]:
        texts = list(sentences)
        return {
            text: Sentence(
                tuple(token.lower_ for token in doc),
                extract_facts_from_dependencies(doc, self._lexicon),
            )
            for text, doc in zip(texts, self._nlp.pipe(texts), strict=True)
        }
