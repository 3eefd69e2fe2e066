"""Atom 1.0 (RFC 4287) out of entries of the catalogue."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

from aei_marketplace.catalog.rules.advisories import Advisory
from aei_marketplace.catalog.rules.feeds import Feed, FeedEntry
from aei_marketplace.web import atom

_TITLES = {
    Feed.NEW: "New plugins",
    Feed.UPDATED: "New releases",
    Feed.REMOVED: "Releases taken out of use",
}


def changed_at(entries: Sequence[FeedEntry]) -> datetime:
    """When a feed told something last."""
    return max((entry.at for entry in entries), default=atom.NEVER)


def render_feed(feed: Feed, entries: Sequence[FeedEntry], origin: str) -> bytes:
    """The document.

    Args:
        origin: how callers reach this marketplace, for example `https://plugins.example`; its addresses
            are the ids of feed and entries.
    """
    root = atom.begin_feed(f"{origin}/feeds/{feed}.atom", _TITLES[feed], changed_at(entries))
    for entry in entries:
        _add_entry(root, feed, entry, origin)
    return atom.written(root)


def render_advisories(advisories: Sequence[Advisory], origin: str) -> bytes:
    """The document that tells of advisories, the latest first.

    Args:
        origin: as for `render_feed`.
    """
    updated = max((a.changed_at for a in advisories), default=atom.NEVER)
    root = atom.begin_feed(f"{origin}/feeds/advisories.atom", "Advisories", updated)
    for advisory in advisories:
        address, said = f"{origin}/api/advisories/{advisory.id}", advisory.statement
        node = SubElement(root, "entry")
        atom.add_text(node, "id", address)
        mark = "Withdrawn: " if advisory.withdrawn_at else ""
        atom.add_text(
            node, "title", f"{mark}{said.title} ({advisory.plugin_id} {said.affected}, {said.severity})"
        )
        atom.add_date(node, advisory.changed_at)
        atom.add_text(SubElement(node, "author"), "name", "staff" if advisory.by_staff else "publisher")
        atom.add_text(node, "summary", advisory.withdrawn_reason or said.details)
        SubElement(node, "link", rel="alternate", type="application/json", href=address)
    return atom.written(root)


def _add_entry(root: Element, feed: Feed, entry: FeedEntry, origin: str) -> None:
    release = entry.release
    address = f"{origin}/api/plugins/{quote(release.plugin_id)}"
    if feed is not Feed.NEW:
        address += f"/versions/{quote(release.version, safe='')}"
    node = SubElement(root, "entry")
    atom.add_text(node, "id", address)
    atom.add_text(node, "title", _title(feed, entry))
    atom.add_date(node, entry.at)
    atom.add_text(SubElement(node, "author"), "name", release.publisher_name)
    atom.add_text(node, "summary", _summary(feed, entry))
    SubElement(node, "link", rel="alternate", type="application/json", href=address)
    for category in release.manifest.document["categories"]:
        SubElement(node, "category", term=atom.writable(category))


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
