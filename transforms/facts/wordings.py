"""Words by which a text goes on speaking of a thing that it has named more exactly.

Written by hand for evenpair. They need not be complete: a pair of words that is missing here counts
as two things. Words of two texts are matched by ``term_pairs.py``.
"""

from collections.abc import Mapping

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
