"""Facts and corpora to draw from, and the information model of a corpus."""

from collections.abc import Iterable, Mapping

import pyarrow as pa
from hypothesis import strategies as st

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.schemas.statistics import Statistics, count_events
from evenpair.transforms.information.information import InformationModel
from evenpair.transforms.information.terms import ROLES, TERMS, Role, Terms

TERM = st.sampled_from(["dog", "cat", "rug", "tennis racket", "red tennis racket", "zzz"])
WORD = st.sampled_from(["brown", "lie on", "zzz", ""])


@st.composite
def fact_sets(draw: st.DrawFn) -> Facts:
    objects = draw(st.lists(TERM, max_size=4, unique=True))
    named = st.sampled_from(objects) if objects else st.nothing()
    attributes = st.lists(st.builds(Attribute, named, WORD), max_size=3, unique=True)
    relations = st.lists(st.builds(Relation, named, WORD, named), max_size=3, unique=True)
    return Facts(
        tuple(objects),
        tuple(draw(attributes)) if objects else (),
        tuple(draw(relations)) if objects else (),
    )


CORPORA = st.lists(fact_sets(), max_size=12)
FACTS = fact_sets()


def terms_of(
    visibility: Mapping[str, float], bits_in_english: Mapping[str, float] | None = None
) -> Terms:
    """Return terms with a visibility, and ``-log2`` of a share of English, in all roles."""
    english = bits_in_english or {}
    rows = [
        {"term": term}
        | {f"{role}_visibility": visibility.get(term) for role in ROLES}
        | {f"{role}_bits": english.get(term) for role in ROLES}
        for term in sorted({*visibility, *english})
    ]
    return Terms(pa.Table.from_pylist(rows, schema=TERMS))


class _PlainTerms(Terms):
    def __init__(self) -> None:
        super().__init__(TERMS.empty_table())

    def visibility(self, term: str, role: Role) -> float:
        return 1.0


PLAIN = _PlainTerms()
"""Terms that are all visible, and none of them English: information is bits."""


def model_of(
    captions: Iterable[Facts], full: float = 30.0, terms: Terms = PLAIN
) -> InformationModel:
    """Return the model of a corpus."""
    return InformationModel(Statistics(count_events(captions), full), terms)


def bits(model: InformationModel, facts: Facts) -> float:
    return model.bits(facts).information_bits
