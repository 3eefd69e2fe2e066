"""How alike two texts are, and how those like a text are found among a million.

A text is the set of its shingles: all runs of `WIDTH` characters of its letters and digits, case and accents
aside. Two texts are as alike as their sets by Jaccard: what both hold, divided by what either holds.

Candidates are found by MinHash (Broder, "On the resemblance and containment of documents", 1997), with one
hash of each shingle: it falls into one of `BINS` bins, and each bin keeps its lowest (Li, Owen and Zhang,
"One Permutation Hashing", 2012). An empty bin borrows from others in an order of its own (Shrivastava,
"Optimal Densification for Fast and Accurate Minwise Hashing", 2017). Two texts agree in a bin with the
probability `s` of their likeness, so the share of bins that agree estimates it.

`BANDS` bands of `ROWS` bins each become one number each, kept in an index (Leskovec, Rajaraman and Ullman,
"Mining of Massive Datasets", section 3.4). Texts with one number in common are candidates; of texts with
likeness `s` that are `1 - (1 - s^ROWS)^BANDS`: 99 % at 0.7, 64 % at 0.5, 12 % at 0.3. What is flagged and
shown is the likeness itself, counted from the texts.
"""

import struct
import unicodedata
from functools import cache
from hashlib import blake2b, sha256

WIDTH = 5
BINS, ROWS = 64, 4
BANDS = BINS // ROWS
#: A text that is this alike to another is called a near-duplicate.
NEAR = 0.7
#: People say "works well" without having copied it: shorter texts, in letters and digits, are not compared.
SHORTEST = 24
_EMPTY = 0xFFFFFFFF


def squeezed(text: str) -> str:
    """The letters and digits of a text, without case, accents and width."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in plain if character.isalnum())


def shingles(text: str) -> frozenset[str]:
    """The shingles of a text; none if it is too short to be compared."""
    plain = squeezed(text)
    if len(plain) < SHORTEST:
        return frozenset()
    return frozenset(plain[start : start + WIDTH] for start in range(len(plain) - WIDTH + 1))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """How alike two sets of shingles are, from 0 to 1."""
    either = len(one | other)
    return len(one & other) / either if either else 0.0


def sign(text: str) -> bytes | None:
    """The signature of a text: `BINS` whole numbers of four bytes; None if it is too short to be compared."""
    lowest = [_EMPTY] * BINS
    for shingle in shingles(text):
        value = int.from_bytes(blake2b(shingle.encode(), digest_size=8).digest())
        place, rank = value % BINS, value >> 32
        lowest[place] = min(rank, lowest[place])
    if all(rank == _EMPTY for rank in lowest):
        return None
    return struct.pack(f">{BINS}I", *(_borrowed(lowest, place) for place in range(BINS)))


def bands(signature: bytes) -> list[int]:
    """The numbers by which a signature is found, of 64 bits each.

    Each is the beginning of the SHA-256 of the band's place (one byte) and its bytes.
    """
    width = len(signature) // BANDS
    parts = (signature[place * width : (place + 1) * width] for place in range(BANDS))
    return [
        int.from_bytes(sha256(bytes([place]) + part).digest()[:8], signed=True)
        for place, part in enumerate(parts)
    ]


def estimate(one: bytes, other: bytes) -> float:
    """The likeness of two texts as far as their signatures tell it, from 0 to 1."""
    pairs = zip(struct.unpack(f">{BINS}I", one), struct.unpack(f">{BINS}I", other), strict=True)
    return len([left for left, right in pairs if left == right]) / BINS


def _borrowed(lowest: list[int], place: int) -> int:
    if lowest[place] != _EMPTY:
        return lowest[place]
    return next(lowest[donor] for donor in _donors(place) if lowest[donor] != _EMPTY)


@cache
def _donors(place: int) -> tuple[int, ...]:
    """In which order an empty bin asks the others: the same for every text, another for each bin."""
    return tuple(sorted(range(BINS), key=lambda other: blake2b(bytes([place, other])).digest()))
