"""Words that two people use for one thing in one picture, written by hand for evenpair.

Of the words that captions use most. They need not be complete: what is missing is learned.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations

from ...transforms.facts.term_pairs import OBJECT, PREDICATE, QUALITY, Term

_SAME_OBJECTS = """
man guy gentleman male fellow|woman lady female|boy lad|girl|child kid toddler youngster
baby infant|person human individual somebody someone adult|people crowd folk group
car automobile sedan|bike bicycle|motorcycle motorbike|plane airplane aeroplane aircraft jet
truck lorry|couch sofa settee loveseat|tv television|phone cellphone smartphone telephone mobile
picture photo photograph image|rug carpet mat|street road|sidewalk pavement|fridge refrigerator
oven stove cooker|cup mug|bag purse handbag|backpack rucksack
shirt t-shirt tee top|pants trousers jeans|hat cap|jacket coat|shoe sneaker|glasses eyeglass
sunglasses|sea ocean|beach shore|hill hillside|stone rock|forest wood woods|grass lawn turf
meal dish food|doughnut donut|pastry bun|lamp light|shop store|house home|building structure
cow cattle|sheep lamb|bird|dog puppy|cat kitten kitty|horse pony|ship boat vessel
laptop notebook|computer pc|table desk|chair seat|drawer cabinet cupboard|sink basin
toilet commode|frisbee disc|field pitch|bat|racket racquet|wave|surfboard board|snow
picnic|train locomotive|railroad railway|track rail|sign signboard|writing text lettering word
logo emblem|painting artwork|poster|bloom blossom flower|bush shrub|branch twig limb|ski
background backdrop|pier dock|cake|dress gown|necktie tie|kite|pot pan|vase|drink beverage
"""
_SAME_ATTRIBUTES = """
gray grey|large big huge enormous giant|small little tiny|blonde blond|wooden wood|metal metallic
stone rocky|colorful colourful multicolored multi-colored|old elderly aged|tall high
beautiful pretty|many several numerous lots|sitting seated|standing|smiling happy|dark|bright
striped stripe|plaid checkered checked|shiny glossy|empty vacant|round circular|plastic
purple violet|red scarlet|orange|green|blue|black|white|golden gold|silver
"""
_SAME_PREDICATES = """
on on top of|in inside inside of within|next to beside by near close to|in front of before
behind in back of|under below beneath underneath|above over|with have|wear in|hold carry grip grasp
look at watch stare at|ride on ride|sit on sit in sit at|stand on stand in stand at|lie on lay on
attach to on|cover with cover in|fill with full of|of|hang on hang from|around surround
"""
_KINDS = """
person: man woman boy girl child baby people player skier surfer rider batter skateboarder \
snowboarder worker student teacher chef officer athlete passenger pedestrian model actor singer \
couple crowd bride groom catcher pitcher family
animal: dog cat horse cow sheep bird elephant giraffe zebra bear goat duck lion tiger monkey deer
vehicle: car truck bus van bike motorcycle train plane ship taxi suv jeep tractor
furniture: couch chair table bed bench dresser drawer shelf
food: pizza sandwich cake salad doughnut fruit vegetable bread soup burger pastry
fruit: apple banana orange strawberry pear lemon grape
vegetable: carrot broccoli tomato onion lettuce potato
plant: tree bush flower grass
clothes: shirt pants jacket dress skirt suit
clothing: shirt pants jacket dress skirt suit
building: house church tower shop skyscraper barn
water: sea lake river pool
container: box bowl cup bottle jar vase pot
device: phone laptop computer camera
bird: duck goose pigeon seagull parrot eagle owl
sport: tennis baseball soccer football
"""


def _same(lines: str, known: tuple[str, ...] = ()) -> dict[str, str]:
    """Return, for each word, the first word of its line; a line may hold terms of several words."""
    found: dict[str, str] = {}
    for part in lines.replace("\n", "|").split("|"):
        words = part.split() if not known else _terms(part, known)
        for word in words:
            found.setdefault(word, words[0])
    return found


def _terms(part: str, known: tuple[str, ...]) -> list[str]:
    """Split a line into predicates: a new one begins with each word that can begin one."""
    terms: list[str] = []
    for word in part.split():
        joined = f"{terms[-1]} {word}" if terms else word
        if terms and any(term.startswith(joined) for term in known):
            terms[-1] = joined
        else:
            terms.append(word)
    return terms


_LONG_PREDICATES = (
    "on top of", "inside of", "next to", "close to", "in front of", "in back of", "look at",
    "stare at", "ride on", "sit on", "sit in", "sit at", "stand on", "stand in", "stand at",
    "lie on", "lay on", "lie in", "attach to", "cover with", "cover in", "fill with", "full of",
    "hang on", "hang from",
)  # fmt: skip

OBJECTS: Mapping[str, str] = _same(_SAME_OBJECTS)
ATTRIBUTES: Mapping[str, str] = _same(_SAME_ATTRIBUTES)
PREDICATES: Mapping[str, str] = _same(_SAME_PREDICATES, _LONG_PREDICATES)
KINDS: Mapping[str, frozenset[str]] = {
    kind: frozenset(words.split())
    for kind, _, words in (line.partition(": ") for line in _KINDS.strip().splitlines())
}


def pairs_by_hand() -> Iterator[tuple[Term, Term, bool]]:
    """Yield pairs of terms, and whether they name the same rather than a kind of the other."""
    for role, words in ((OBJECT, OBJECTS), (QUALITY, ATTRIBUTES), (PREDICATE, PREDICATES)):
        groups: dict[str, list[str]] = {}
        for word, first in words.items():
            groups.setdefault(first, []).append(word)
        for group in groups.values():
            for one, other in combinations(group, 2):
                yield (role, one), (role, other), True
    for kind, names in KINDS.items():
        for name in sorted(names - {kind}):
            yield (OBJECT, kind), (OBJECT, name), False
