"""Words that name the same thing in captions of photographs, and words for the kinds of things.

Written by hand for evenpair: of the words that captions use most, those that two people would use
for one thing in one picture. It need not be complete: a pair of words that is missing here counts
as two facts, a pair that is here wrongly would hide one.
"""

from collections.abc import Mapping

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

_GENERAL = """
feline: cat kitten tabby
cat: kitten tabby siamese
canine: dog puppy spaniel retriever terrier shepherd labrador bulldog poodle corgi husky dachshund \
chihuahua beagle pug collie rottweiler
dog: puppy spaniel retriever terrier shepherd labrador bulldog poodle corgi husky dachshund \
chihuahua beagle pug collie rottweiler
equine: horse pony mare stallion
primate: monkey ape gorilla chimpanzee orangutan baboon
insect: butterfly bee wasp fly beetle moth dragonfly ladybug grasshopper ant
reptile: lizard snake turtle tortoise crocodile alligator iguana gecko
bird: duck goose pigeon seagull gull parrot eagle owl stork heron swan hawk sparrow robin finch \
penguin chicken rooster hen peacock flamingo pelican crow canary macaw falcon hummingbird
boat: sailboat motorboat rowboat kayak canoe ferry yacht gondola ship
vessel: boat sailboat ship ferry yacht
car: sedan convertible suv coupe taxi hatchback limousine
aircraft: plane airplane jet helicopter biplane airliner
plane: airplane jet airliner biplane
vehicle: car truck bus van sedan convertible suv jeep tractor taxi ambulance motorcycle train tram
train: locomotive tram
motorcycle: scooter motorbike
athlete: player skier surfer skateboarder snowboarder weightlifter runner gymnast swimmer batter \
pitcher catcher golfer boxer cyclist
player: batter pitcher catcher goalkeeper
rider: racer cyclist jockey motorcyclist biker
performer: dancer singer musician acrobat
flower: rose tulip daisy sunflower orchid lily dandelion wildflower poppy hibiscus dahlia iris \
lotus petunia marigold
blossom: flower rose tulip daisy orchid lily
fruit: apple banana orange strawberry pear lemon grape papaya mango peach pineapple melon
creature: lizard snake turtle frog crab fish octopus dragon dinosaur
structure: building tower bridge monument church castle temple house
building: house church tower skyscraper barn mosque temple castle palace cathedral
monument: statue obelisk memorial
timepiece: clock watch
footwear: shoe boot sandal sneaker
sandal: flip-flop
shoe: sneaker boot sandal
beverage: coffee tea beer wine cocktail juice
instrument: guitar violin piano trumpet drum
toy: doll figurine
figurine: statuette
sculpture: statue
statue: sculpture
"""
GENERAL: Mapping[str, frozenset[str]] = {
    word: frozenset(names.split())
    for word, _, names in (line.partition(": ") for line in _GENERAL.strip().splitlines())
}
"""Words by which a text goes on speaking of a thing that it has named more exactly."""
