"""The names of collections in addresses."""

import unicodedata
from collections.abc import Iterable

_LONGEST_SLUG = 60


def slug_for(title: str, taken: Iterable[str]) -> str:
    """A name in addresses from a title, unlike those that are taken: `work-with-text`, `work-with-text-2`."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "".join(letter if letter.isalnum() else " " for letter in ascii_only).split()
    stem = "-".join(words)[:_LONGEST_SLUG].strip("-")
    if not stem[:1].isalpha():
        stem = f"collection-{stem}"[:_LONGEST_SLUG].strip("-")
    used, slug, count = frozenset(taken), stem, 1
    while slug in used:
        count += 1
        slug = f"{stem[: _LONGEST_SLUG - 1 - len(str(count))].rstrip('-')}-{count}"
    return slug
