"""Atom 1.0 (RFC 4287) out of entries of the catalogue."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from aei_marketplace.catalog.rules.advisories import Advisory
from aei_marketplace.catalog.rules.feeds import Feed, FeedEntry

ATOM = "http://www.w3.org/2005/Atom"
ATOM_TYPE = "application/atom+xml; charset=utf-8"
#: What XML 1.0, section 2.2, has no way to write, not even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TITLES = {
    Feed.NEW: "New plugins",
    Feed.UPDATED: "New releases",
    Feed.REMOVED: "Releases taken out of use",
}
#: The date of a feed that has told nothing yet.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def changed_at(entries: Sequence[FeedEntry]) -> datetime:
    """When a feed told something last."""
    return max((entry.at for entry in entries), default=_NEVER)


def render_feed(feed: Feed, entries: Sequence[FeedEntry], origin: str) -> bytes:
    """The document.

    Args:
        origin: how callers reach this marketplace, for example `https://plugins.example`; its addresses
            are the ids of feed and entries.
    """
    own = f"{origin}/feeds/{feed}.atom"
    root = Element("feed", xmlns=ATOM)
    _text(root, "id", own)
    _text(root, "title", _TITLES[feed])
    _text(root, "updated", _date(changed_at(entries)))
    SubElement(root, "link", rel="self", type="application/atom+xml", href=own)
    for entry in entries:
        _add_entry(root, feed, entry, origin)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def render_advisories(advisories: Sequence[Advisory], origin: str) -> bytes:
    """The document that tells of advisories, the latest first.

    Args:
        origin: as for `render_feed`.
    """
    own = f"{origin}/feeds/advisories.atom"
    root = Element("feed", xmlns=ATOM)
    _text(root, "id", own)
    _text(root, "title", "Advisories")
    _text(root, "updated", _date(max((a.changed_at for a in advisories), default=_NEVER)))
    SubElement(root, "link", rel="self", type="application/atom+xml", href=own)
    for advisory in advisories:
        address, said = f"{origin}/api/advisories/{advisory.id}", advisory.statement
        node = SubElement(root, "entry")
        _text(node, "id", address)
        mark = "Withdrawn: " if advisory.withdrawn_at else ""
        _text(node, "title", f"{mark}{said.title} ({advisory.plugin_id} {said.affected}, {said.severity})")
        _text(node, "updated", _date(advisory.changed_at))
        _text(SubElement(node, "author"), "name", "staff" if advisory.by_staff else "publisher")
        _text(node, "summary", advisory.withdrawn_reason or said.details)
        SubElement(node, "link", rel="alternate", type="application/json", href=address)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _add_entry(root: Element, feed: Feed, entry: FeedEntry, origin: str) -> None:
    release = entry.release
    address = f"{origin}/api/plugins/{quote(release.plugin_id)}"
    if feed is not Feed.NEW:
        address += f"/versions/{quote(release.version, safe='')}"
    node = SubElement(root, "entry")
    _text(node, "id", address)
    _text(node, "title", _title(feed, entry))
    _text(node, "updated", _date(entry.at))
    _text(SubElement(node, "author"), "name", release.publisher_name)
    _text(node, "summary", _summary(feed, entry))
    SubElement(node, "link", rel="alternate", type="application/json", href=address)
    for category in release.manifest.document["categories"]:
        SubElement(node, "category", term=_writable(category))


def _title(feed: Feed, entry: FeedEntry) -> str:
    release = entry.release
    name = f"{release.manifest.document['name']} ({release.plugin_id})"
    if feed is Feed.NEW:
        return name
    if feed is Feed.UPDATED:
        return f"{name} {release.version}"
    return f"{name} {release.version} is {release.state}"


def _summary(feed: Feed, entry: FeedEntry) -> str:
    if feed is Feed.REMOVED:
        return entry.release.state_reason or "No reason was given."
    return str(entry.release.manifest.document["description"])


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = _writable(text)


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
