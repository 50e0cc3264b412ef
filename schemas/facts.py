"""What a caption says: objects, attributes of objects, relations between objects."""

from dataclasses import dataclass
from typing import NamedTuple


class Attribute(NamedTuple):
    """An attribute of an object, such as ``("dog", "brown")``."""

    object: str
    attribute: str


class Relation(NamedTuple):
    """A relation between two objects, such as ``("dog", "lie on", "rug")``."""

    subject: str
    predicate: str
    object: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The distinct facts of one caption, in the order in which the caption names them.

    Every term is in canonical form: lower case, singular nouns, verbs as lemmas. Each object of an
    attribute or a relation is among the objects.
    """

    objects: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    relations: tuple[Relation, ...] = ()

    def __len__(self) -> int:
        return len(self.objects) + len(self.attributes) + len(self.relations)
