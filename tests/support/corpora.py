"""Facts and corpora to draw from, and the information model of a corpus."""

from collections.abc import Iterable

from hypothesis import strategies as st

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.schemas.statistics import Statistics, count_events
from evenpair.transforms.information.information import InformationModel

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


def model_of(captions: Iterable[Facts], full: float = 30.0) -> InformationModel:
    """Return the model of a corpus."""
    return InformationModel(Statistics(count_events(captions), full))


def bits(model: InformationModel, facts: Facts) -> float:
    return model.bits(facts).information_bits
