"""Splitting a text into sentences."""

import re

#: A full stop after these does not end a sentence.
ABBREVIATIONS = re.compile(
    r"mr|mrs|ms|dr|prof|st|sr|jr|vs|etc|e\.g|i\.e|cf|fig|no|nr|vol|ca|approx|dept|inc|ltd|co"
    r"|bzw|z\.b|d\.h|usw|u\.a|s\.a|mme|mlle|p\.ex"
)

_BREAK = re.compile(r"(?<=[.!?…。！？])[\"'”’»)\]]*\s+|(?<=[。！？])")
_PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)")
_BULLET = re.compile(r"^(?:[-*•]|\d+[.)])\s+")
_SPACE = re.compile(r"\s+")


def split_sentences(text: str) -> list[str]:
    """The text's sentences, white space made single; a paragraph or a list item always ends one."""
    found = (s for block in _PARAGRAPH.split(text) for s in _split_block(_BULLET.sub("", block.strip())))
    return [sentence for sentence in found if any(char.isalnum() for char in sentence)]


def _split_block(block: str) -> list[str]:
    sentences: list[str] = []
    start = 0
    for match in _BREAK.finditer(block):
        piece = block[start : match.end()]
        if _goes_on(piece, block[match.end() :]):
            continue
        sentences.append(_SPACE.sub(" ", piece).strip())
        start = match.end()
    sentences.append(_SPACE.sub(" ", block[start:]).strip())
    return sentences


def _goes_on(piece: str, rest: str) -> bool:
    """Whether the stop belongs to an abbreviation or an initial, or the next word begins in lower case."""
    stripped = piece.rstrip()
    if not stripped.endswith("."):
        return False
    last = stripped[:-1].rsplit(None, 1)[-1].lstrip("(\"'“‘").lower() if stripped[:-1].strip() else ""
    return bool(ABBREVIATIONS.fullmatch(last)) or (len(last) == 1 and last.isalpha()) or rest[:1].islower()
