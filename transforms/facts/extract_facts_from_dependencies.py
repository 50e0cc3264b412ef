"""A grammatical parse -> mentions of facts, by rule: ClearNLP labels or Universal Dependencies.

For any spaCy pipeline but the shipped one. Both label schemes are read through the same few
questions about a word: which subjects, objects and prepositional complements has it?
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...schemas.facts import Attribute, Relation
from .canonical_terms import Lexicon
from .extract_facts import NOT_OBJECTS, Mentions, Span

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_SUBJECTS = frozenset({"nsubj", "csubj"})
_PASSIVE_SUBJECTS = frozenset({"nsubjpass", "nsubj:pass"})
_OBJECTS = frozenset({"dobj", "obj"})
_CLAUSES = frozenset({"acl", "relcl", "acl:relcl"})
_SAME_SUBJECT = frozenset({"xcomp", "conj", "advcl"})
_NAME_PARTS = frozenset({"compound", "nn", "flat"})
_POSSESSIVES = frozenset({"poss", "nmod:poss"})
_COMPLEMENTS = frozenset({"obl", "nmod", "obl:agent", "obl:unmarked", "nmod:unmarked"})
_NOMINAL = frozenset(
    {"dobj", "obj", "iobj", "pobj", "obl", "nmod", "nsubj", "nsubjpass", "nsubj:pass", "attr"}
    | {"appos", "nmod:poss", "poss", "obl:agent", "ROOT", "root", "conj", "npadvmod", "dep"}
)
_PLACES = frozenset(
    "front top side back middle edge bottom corner center centre left right end inside".split()
)
_QUANTITIES = frozenset(
    "group pair bunch lot row set stack pile couple number variety herd flock crowd".split()
)
_PICTURES = frozenset("photo image picture photograph view close-up illustration".split())


def extract_facts_from_dependencies(doc: "Doc", lexicon: Lexicon) -> Mentions:
    """The facts of a parsed text of one or more sentences.

    The pipeline's own lemmas are used where it has any, the lexicon where not.
    """
    return _Reader(doc, lexicon).mentions()


class _Reader:
    def __init__(self, doc: "Doc", lexicon: Lexicon) -> None:
        self.doc = doc
        self.lexicon = lexicon
        self.tagged = doc.has_annotation("POS")
        self.passed = {  # what stands for another noun: `group of people`, `photo of a dog`
            token.i: inner
            for token in doc
            if token.lower_ in _QUANTITIES or self._lemma(token, noun=True) in _PICTURES
            for preposition, inner in self._complements(token)
            if preposition == "of" and self._is_noun(inner)
        }
        self.names = {
            token.i: name
            for token in doc
            if self._is_noun(token)
            and token.i not in self.passed
            and not self._is_place(token)
            and (name := self._name(token))[0] not in NOT_OBJECTS
        }

    def mentions(self) -> Mentions:
        found = Mentions(list(self.names.values()), [], [])
        for token in self.doc:
            if token.i in self.names:
                found.attributes.extend(self._attributes(token))
                found.relations.extend(self._noun_relations(token))
            if self._is_verb(token):
                found.relations.extend(self._verb_relations(token))
            found.attributes.extend(self._predicative(token))
        return found

    def _is_noun(self, token: "Token") -> bool:
        if token.dep_ in _NAME_PARTS or not any(map(str.isalpha, token.text)):
            return False
        if self.tagged:
            return token.pos_ in {"NOUN", "PROPN"}
        return token.dep_ in _NOMINAL and not self._is_verb(token)

    def _is_place(self, token: "Token") -> bool:
        """`front` in `in front of a house`."""
        return (
            token.lower_ in _PLACES
            and token.dep_ in {"pobj", *_COMPLEMENTS}
            and any(word == "of" for word, _ in self._complements(token))
        )

    def _is_verb(self, token: "Token") -> bool:
        if self.tagged:
            return token.pos_ in {"VERB", "AUX"} and token.dep_ not in {"aux", "cop", "amod"}
        labels = {child.dep_ for child in token.children}
        return bool(labels & (_OBJECTS | _SUBJECTS | _PASSIVE_SUBJECTS)) and "cop" not in labels

    def _lemma(self, token: "Token", noun: bool = False) -> str:
        word: str = token.lower_
        if token.lemma_ and token.lemma_ != token.text:
            return str(token.lemma_).lower()
        return self.lexicon.noun(word) if noun else self.lexicon.verb(word)

    def _name(self, token: "Token") -> tuple[str, Span]:
        parts = [child for child in token.lefts if child.dep_ in _NAME_PARTS]
        words = [part.lower_ for part in parts] + [self._lemma(token, noun=True)]
        return self.lexicon.object_term(words), (*(part.i for part in parts), token.i)

    def _group(self, token: "Token") -> list["Token"]:
        """A noun and its conjuncts, each read through what merely stands for it."""
        first = self.passed.get(token.i, token)
        members = [first] if first.i in self.names else []
        for source in dict.fromkeys((token, first)):
            for child in source.children:
                if child.dep_ == "conj" and not self._is_verb(child):
                    members += self._group(child)
        return members

    def _complements(self, token: "Token") -> Iterator[tuple[str, "Token"]]:
        """Prepositions and their nouns: `in front of` a house counts as one preposition."""
        for child in token.children:
            if child.dep_ in {"prep", "agent"}:
                for inner in child.children:
                    if inner.dep_ == "pobj":
                        yield from self._widen(child.lower_, inner)
                    elif inner.dep_ == "prep":
                        for word, noun in self._complements(child):
                            yield f"{child.lower_} {word}", noun
            elif child.dep_ in _COMPLEMENTS:
                case = [part for part in child.children if part.dep_ == "case"]
                words = [w.lower_ for part in case for w in (part, *part.children)]
                if words:
                    yield from self._widen(" ".join(words), child)

    def _widen(self, word: str, noun: "Token") -> Iterator[tuple[str, "Token"]]:
        if noun.lower_ in _PLACES:
            further = [inner for of, inner in self._complements(noun) if of == "of"]
            if further:
                yield f"{word} {noun.lower_} of", further[0]
                return
        yield word, noun

    def _attributes(self, token: "Token") -> Iterator[tuple[Attribute, Span]]:
        name = self.names[token.i][0]
        for child in token.children:
            if child.dep_ in {"amod", "nummod"}:
                for word in (child, *(c for c in child.children if c.dep_ == "conj")):
                    yield Attribute(name, self.lexicon.attribute_term([word.lower_])), (word.i,)
            elif child.dep_ in _CLAUSES and self._is_verb(child) and self._is_bare(child):
                yield Attribute(name, child.lower_), (child.i,)
        for outer, inner in self.passed.items():
            if inner.i == token.i and self.doc[outer].lower_ in _QUANTITIES:
                yield Attribute(name, f"{self.doc[outer].lower_} of"), (outer,)

    def _is_bare(self, verb: "Token") -> bool:
        """No object, no complement: `man smiling`."""
        return not any(c.dep_ in _OBJECTS for c in verb.children) and not any(
            True for _ in self._complements(verb)
        )

    def _predicative(self, token: "Token") -> Iterator[tuple[Attribute, Span]]:
        """`the cat is black`, `a man is smiling`."""
        copula = any(child.dep_ == "cop" for child in token.children)
        if token.dep_ == "acomp":
            verb = token.head
        elif (copula and not self._is_noun(token)) or (
            self._is_verb(token) and self._is_bare(token)
        ):
            verb = token
        else:
            return
        if verb is token and token.lower_ in {"is", "are", "was", "were", "be"}:
            return
        for subject in self._subjects(verb)[0]:
            term = self.lexicon.attribute_term([token.lower_])
            yield Attribute(self.names[subject.i][0], term), (token.i,)

    def _subjects(self, verb: "Token") -> tuple[list["Token"], bool]:
        """The objects that a verb says something of, and whether it is passive."""
        own = [c for c in verb.children if c.dep_ in _SUBJECTS | _PASSIVE_SUBJECTS]
        passive = any(c.dep_ in _PASSIVE_SUBJECTS or c.dep_ == "agent" for c in verb.children)
        named = [noun for subject in own for noun in self._group(subject)]
        if named:
            return named, passive
        if verb.dep_ in _CLAUSES:
            participle = verb.lower_.endswith(("ed", "en")) and not own
            return self._group(verb.head), passive or participle
        if verb.dep_ in _SAME_SUBJECT and self._is_verb(verb.head):
            return self._subjects(verb.head)[0], passive
        there = [c for c in verb.children if c.dep_ in {"attr", "nsubj"} and not own]
        return [noun for child in there for noun in self._group(child)], passive

    def _verb_relations(self, verb: "Token") -> Iterator[tuple[Relation, Span]]:
        subjects, passive = self._subjects(verb)
        lemma = self._lemma(verb)
        particles = [c.lower_ for c in verb.children if c.dep_ in {"prt", "compound:prt"}]
        base = " ".join([*([] if lemma == "be" else [lemma]), *particles])
        direct = [(base, c) for c in verb.children if c.dep_ in _OBJECTS]
        for word, noun in self._complements(verb):
            if passive and word == "by":
                yield from self._relate(self._group(noun), base, subjects, (verb.i,))
            else:
                direct.append((f"{base} {word}".strip(), noun))
        for predicate, noun in direct:
            yield from self._relate(subjects, predicate, self._group(noun), (verb.i,))

    def _noun_relations(self, token: "Token") -> Iterator[tuple[Relation, Span]]:
        own = [token]
        for word, noun in self._complements(token):
            if word == "of":
                yield from self._relate(self._group(noun), "have", own, (noun.i,))
            else:
                yield from self._relate(own, word, self._group(noun), (noun.i,))
        for child in token.children:
            if child.dep_ in _POSSESSIVES:
                yield from self._relate(self._group(child), "have", own, (child.i,))
        if any(child.dep_ == "cop" for child in token.children):
            case = " ".join(child.lower_ for child in token.children if child.dep_ == "case")
            if case:
                yield from self._relate(self._subjects(token)[0], case, own, (token.i,))

    def _relate(
        self, subjects: list["Token"], predicate: str, objects: list["Token"], span: Span
    ) -> Iterator[tuple[Relation, Span]]:
        for subject in subjects if predicate else []:
            for item in objects:
                if item.i != subject.i:
                    names = self.names[subject.i][0], self.names[item.i][0]
                    yield Relation(names[0], predicate, names[1]), span
