"""The measures once more, pair by pair in double precision, for tests to compare with."""

import itertools
import math

import numpy as np


def unit(vectors):
    vectors = np.asarray(vectors, dtype=np.float64)
    return np.array([v / math.sqrt(sum(v * v)) for v in vectors])


def pairs_of(image, text, text_to_image):
    x, y = unit(image), unit(text)
    return [(x[i], y[t]) for t, i in enumerate(text_to_image)]


def l2m(image, text):
    return float(np.linalg.norm(unit(image).mean(axis=0) - unit(text).mean(axis=0)))


def l2i(image, text, text_to_image):
    return float(np.mean([np.linalg.norm(x - y) for x, y in pairs_of(image, text, text_to_image)]))


def alignment(image, text, text_to_image):
    return float(np.mean([((x - y) ** 2).sum() for x, y in pairs_of(image, text, text_to_image)]))


def dissimilarity(u, v):
    return (1 - u @ v) / 2


def within(vectors):
    vectors = unit(vectors)
    return np.mean([dissimilarity(u, v) for u, v in itertools.permutations(vectors, 2)])


def rmg(image, text, text_to_image):
    matched = np.mean([dissimilarity(x, y) for x, y in pairs_of(image, text, text_to_image)])
    return float(matched / (matched + (within(image) + within(text)) / 2))


def centred(vectors):
    vectors = unit(vectors)
    return vectors - vectors.mean(axis=0)


def without_largest(image, text, count):
    x, y = unit(image), unit(text)
    apart = [abs(x[:, k].mean() - y[:, k].mean()) for k in range(x.shape[1])]
    drop = sorted(range(len(apart)), key=lambda k: (-apart[k], k))[:count]
    return np.delete(x, drop, axis=1), np.delete(y, drop, axis=1)


def entropies(queries, gallery, temperature):
    found = []
    for query in unit(queries):
        logits = [query @ other / temperature for other in unit(gallery)]
        weights = [math.exp(logit - max(logits)) for logit in logits]
        shares = [weight / sum(weights) for weight in weights]
        found.append(-sum(p * math.log(p) for p in shares if p > 0))
    return found


def uniformity(vectors):
    values = [
        math.exp(-2 * ((u - v) ** 2).sum()) for u, v in itertools.combinations(unit(vectors), 2)
    ]
    return math.log(sum(values) / len(values))


def cross_uniformity(image, text, text_to_image):
    values = [
        math.exp(-2 * ((x - y) ** 2).sum())
        for t, y in enumerate(unit(text))
        for i, x in enumerate(unit(image))
        if text_to_image[t] != i
    ]
    return math.log(sum(values) / len(values))


def recall(queries, gallery, right, k):
    """How many of the queries have one of the ``right`` of each among the k most similar.

    Similarities that agree to twelve digits are in random order: every order is tried in turn by
    counting, with the hypergeometric chance of drawing none that is right.
    """
    hits = []
    for query, wanted in zip(unit(queries), right, strict=True):
        if not wanted:
            continue
        cosines = [round(float(query @ other), 12) for other in unit(gallery)]
        best = max(cosines[t] for t in wanted)
        better = sum(c > best for c in cosines)
        equal = [t for t, c in enumerate(cosines) if c == best]
        good = sum(t in wanted for t in equal)
        places = min(max(k - better, 0), len(equal))
        none = math.comb(len(equal) - good, places) / math.comb(len(equal), places)
        hits.append(1 - none)
    return float(np.mean(hits))


def occurrences(queries, gallery, k):
    counts = np.zeros(len(gallery))
    for query in unit(queries):
        cosines = np.array([round(float(query @ other), 12) for other in unit(gallery)])
        last = sorted(cosines)[-k]
        counts[cosines > last] += 1
        counts[cosines == last] += (k - (cosines > last).sum()) / (cosines == last).sum()
    return counts


def skewness(values):
    centred_values = np.asarray(values) - np.mean(values)
    return float((centred_values**3).mean() / (centred_values**2).mean() ** 1.5)


def contrast(vectors, share):
    """Mean cosines of the pairs that share and of those that do not, by a function of two rows."""
    vectors = unit(vectors)
    same, other = [], []
    for i, j in itertools.combinations(range(len(vectors)), 2):
        (same if share(i, j) else other).append(vectors[i] @ vectors[j])
    return np.mean(same), np.mean(other)


def moad(vectors, share_object, share_attribute):
    (o_same, o_other), (a_same, a_other) = (
        contrast(vectors, share) for share in (share_object, share_attribute)
    )
    return float((o_same - o_other) - (a_same - a_other))


def kendall_distance(first, second):
    pairs = list(itertools.combinations(range(len(first)), 2))
    return sum(
        0.5 if (first[i] - first[j]) * (second[i] - second[j]) == 0
        else (first[i] - first[j]) * (second[i] - second[j]) < 0
        for i, j in pairs
    ) / len(pairs)  # fmt: skip


def neighbourhood_distance(image, text, classes, text_to_image):
    x, y, classes = unit(image), unit(text), np.asarray(classes)
    of_text = classes[text_to_image]
    names = [name for name in sorted(set(classes)) if name in set(of_text)]
    distances = []
    for name in names:
        others = [other for other in names if other != name]
        first = [np.mean(x[classes == name] @ x[classes == other].T) for other in others]
        second = [np.mean(y[of_text == name] @ y[of_text == other].T) for other in others]
        distances.append(kendall_distance(first, second))
    return float(np.mean(distances))


def nearest_class_is_right(image, text, has, text_to_image, classes):
    """Whether the class whose mean text is nearest is one that ``has(i, class)``."""
    x, y = unit(image), unit(text)
    means = {}
    for name in classes:
        own = [y[t] for t, i in enumerate(text_to_image) if has(i, name)]
        if own:
            means[name] = unit([np.mean(own, axis=0)])[0]
    return [has(i, max(means, key=lambda name: means[name] @ v)) for i, v in enumerate(x)]


def specificity(image, text, temperature):
    """Of one batch of pairs."""
    s = unit(image) @ unit(text).T
    return [
        s[i, i]
        - temperature / 2 * math.log(sum(math.exp(v / temperature) for v in s[i]))
        - temperature / 2 * math.log(sum(math.exp(v / temperature) for v in s[:, i]))
        for i in range(len(s))
    ]
