"""Weighing sentences by how much they share with the others: TextRank.

Mihalcea and Tarau, "TextRank: Bringing Order into Texts" (EMNLP 2004), with cosine similarity of tf-idf
vectors as in LexRank (Erkan and Radev, JAIR 22, 2004). A sentence's position counts a little, because texts
begin with what matters.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

DAMPING = 0.85
ROUNDS = 30
TOLERANCE = 1e-5
FIRST_SENTENCE_BONUS = 0.15

#: Words in more sentences than this share of a long text link everything with everything.
COMMON_SHARE = 0.25
LONG_TEXT = 80

Vector = dict[str, float]
Graph = list[dict[int, float]]


def rank_sentences(words: Sequence[Sequence[str]], report: Callable[[float], None]) -> list[float]:
    """A weight from 0 to 1 for each sentence, given its content words; `report` gets the share done."""
    if not words:
        return []
    graph = similarity_graph(words, report)
    scores = page_rank(graph)
    weighed = [s * (1 + FIRST_SENTENCE_BONUS / (1 + i)) if words[i] else 0.0 for i, s in enumerate(scores)]
    largest = max(weighed)
    return [w / largest if largest else 1.0 for w in weighed]


def similarity_graph(words: Sequence[Sequence[str]], report: Callable[[float], None]) -> Graph:
    """For each sentence the others that share a word with it, with their cosine similarity."""
    vectors = tf_idf(words)
    holders: dict[str, list[int]] = defaultdict(list)
    graph: Graph = [{} for _ in words]
    for i, vector in enumerate(vectors):
        shared: dict[int, float] = defaultdict(float)
        for word, weight in vector.items():
            for j in holders[word]:
                shared[j] += weight * vectors[j][word]
            holders[word].append(i)
        for j, similarity in shared.items():
            graph[i][j] = graph[j][i] = similarity
        if i % 50 == 49:
            report((i + 1) / len(words))
    return graph


def tf_idf(words: Sequence[Sequence[str]]) -> list[Vector]:
    """Unit vectors of tf · idf."""
    total = len(words)
    holders = Counter(word for sentence in words for word in set(sentence))
    too_common = COMMON_SHARE * total if total > LONG_TEXT else total
    rarity = {w: math.log(1 + total / n) for w, n in holders.items() if n <= too_common}
    return [unit({w: n * rarity[w] for w, n in Counter(s).items() if w in rarity}) for s in words]


def unit(vector: Vector) -> Vector:
    """The vector at length 1."""
    length = math.sqrt(sum(weight * weight for weight in vector.values()))
    return {word: weight / length for word, weight in vector.items()} if length else {}


def page_rank(graph: Graph) -> list[float]:
    """The stationary weights of a walk that follows similarities, and leaps anywhere now and then."""
    total = len(graph)
    outward = [sum(neighbours.values()) for neighbours in graph]
    scores = [1 / total] * total
    for _ in range(ROUNDS):
        after = [
            (1 - DAMPING) / total + DAMPING * sum(scores[j] * w / outward[j] for j, w in neighbours.items())
            for neighbours in graph
        ]
        change = sum(abs(a - b) for a, b in zip(after, scores, strict=True))
        scores = after
        if change < TOLERANCE:
            break
    return scores
