"""Summarise a text by its own sentences."""

from collections import Counter
from typing import Any

import aei
from ranking import rank_sentences
from sentences import split_sentences
from words import content_words

DEFAULT_SENTENCES = 3
KEYWORDS = 8


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Pick the weightiest sentences, in the text's own order."""
    text, wanted = task.get("text"), task.get("sentences", DEFAULT_SENTENCES)
    if not isinstance(text, str) or not text.strip():
        raise aei.Failed('"text" is missing: send {"text": "…", "sentences": 3}')
    if type(wanted) is not int or wanted < 1:
        raise aei.Failed('"sentences" must be a whole number from 1')

    aei.progress(0.05, "splitting sentences")
    sentences = split_sentences(text)
    words = [content_words(sentence) for sentence in sentences]
    aei.log.info(f"{len(sentences)} sentences, {sum(map(len, words))} content words")

    scores = rank_sentences(words, lambda done: aei.progress(0.1 + 0.85 * done, "comparing sentences"))
    chosen = sorted(sorted(range(len(sentences)), key=lambda i: (-scores[i], i))[:wanted])
    aei.progress(1.0, "done")
    picked = [{"index": i, "text": sentences[i], "score": round(scores[i], 4)} for i in chosen]
    return {
        "summary": " ".join(entry["text"] for entry in picked),
        "sentences": picked,
        "total_sentences": len(sentences),
        "keywords": keywords(words),
    }


def keywords(words: list[list[str]]) -> list[str]:
    """The words that stand in the most sentences; those of one sentence only say little about the text."""
    counts = Counter(word for sentence in words for word in set(sentence))
    common = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return [word for word, count in common if count > 1][:KEYWORDS]
