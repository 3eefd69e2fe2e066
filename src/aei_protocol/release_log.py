"""Leaves of the public log of releases: one for each publication and each change of state or publisher.

A leaf's bytes are `aei-release/1` and a newline, then its JSON in canonical form (RFC 8785 for the
values used here: one flat object with ASCII keys, its values texts or null). They are made once, by the
marketplace, and read by whoever checks a proof.
"""

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum

PREFIX = b"aei-release/1\n"
#: A larger leaf is not read; one of ours has about 400 bytes.
MOST_BYTES = 4096


class Reason(StrEnum):
    """Why a leaf was written, as a code: words of people stay out of a log that nobody can edit."""

    PUBLISHED = "published"
    MADE_PUBLIC = "made_public"
    PUBLISHER = "publisher_decision"
    REGISTRY = "registry_decision"
    TRANSFERRED = "transferred"


class LeafMalformed(ValueError):
    """The bytes are not a leaf of this log."""


@dataclass(frozen=True, slots=True)
class ReleaseLeaf:
    """What the log says of a release at one moment.

    Attributes:
        plugin: its id.
        sha256: of the package, in hexadecimal.
        state: the state that the release came to.
        publisher: the publisher's id; a name may be a person's, and nothing is ever erased from this log.
        signer: the id of the key that signed the package; None when it is not signed.
        at: RFC 3339, in UTC.
        reason: one of `Reason`; later versions of the marketplace may know more.
    """

    plugin: str
    version: str
    sha256: str
    state: str
    publisher: str
    signer: str | None
    at: str
    reason: str

    def content(self) -> bytes:
        """The leaf's bytes; the same for equal leaves."""
        document = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return PREFIX + document.encode()


def read_leaf(content: bytes) -> ReleaseLeaf:
    """The leaf with these bytes.

    Raises:
        LeafMalformed: they are not the one way in which a leaf is written.
    """
    if not content.startswith(PREFIX) or len(content) > MOST_BYTES:
        raise LeafMalformed("this is no leaf of the log of releases, version 1")
    try:
        leaf = _leaf(json.loads(content[len(PREFIX) :]))
        canonical = leaf.content()
    except (ValueError, RecursionError) as error:  # among them: no UTF-8, no JSON, half a surrogate pair
        raise LeafMalformed("the leaf is not the JSON of a leaf") from error
    if canonical != content:
        raise LeafMalformed("the leaf is not in canonical form")
    return leaf


def _leaf(document: object) -> ReleaseLeaf:
    names = [item.name for item in fields(ReleaseLeaf)]
    if not isinstance(document, dict) or sorted(document) != sorted(names):
        raise LeafMalformed(f"a leaf has {', '.join(names)}")
    texts = {name: value for name, value in document.items() if isinstance(value, str)}
    if set(names) - set(texts) - ({"signer"} if document["signer"] is None else set()):
        raise LeafMalformed("the values of a leaf are texts")
    return ReleaseLeaf(**document)
