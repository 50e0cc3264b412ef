"""Captions from elsewhere find their pairs, the same ones however both are split."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from evenpair.transforms.join.match_given_captions import find_places, into_buckets, match

KEYS = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=2, max_size=9)


@given(KEYS, KEYS, KEYS, st.randoms(use_true_random=False))
def test_a_pair_with_several_captions_gets_the_first(pairs, first, second, chance):
    places = [
        find_places(column, column.is_valid(), number, is_given=is_given)
        for number, keys, is_given in ((7, pairs, False), (0, first, True), (1, second, True))
        for column in [pa.array(keys, pa.string())]
    ]
    buckets = {}
    for place in places:
        for bucket, part in into_buckets(place):
            buckets.setdefault(bucket, []).append(part)
    joined, used = {}, 0
    for parts in buckets.values():
        chance.shuffle(parts)
        matches, counts = match(parts)
        used += counts["captions_joined"]
        for piece, (captions, sources, rows) in matches.items():
            assert set(sources.tolist()) == {7}
            joined |= {
                row: (piece, at) for row, at in zip(rows.tolist(), captions.tolist(), strict=True)
            }
    places_of = {}
    for piece, keys in ((1, second), (0, first)):
        places_of |= {key: (piece, at) for at, key in reversed([*enumerate(keys)])}
    expected = {row: places_of[key] for row, key in enumerate(pairs) if key and key in places_of}
    assert joined == expected
    assert used == len(set(expected.values()))
