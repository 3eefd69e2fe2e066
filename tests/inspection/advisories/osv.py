"""OSV records for tests."""

import json
from typing import Any


def record(
    id: str = "TEST-1", *, package: str = "jinja2", ecosystem: str = "PyPI", **more: Any
) -> dict[str, Any]:
    """A record about one package; `events` and `versions` say what is affected, the rest stands as given."""
    events, versions = more.pop("events", None), more.pop("versions", None)
    affected: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": package}}
    if events is not None:
        affected["ranges"] = [{"type": more.pop("type", "ECOSYSTEM"), "events": events}]
    if versions is not None:
        affected["versions"] = versions
    return {"id": id, "modified": "2026-01-02T03:04:05Z", "affected": [affected], **more}


def before(version: str) -> list[dict[str, str]]:
    """The events of all versions before one."""
    return [{"introduced": "0"}, {"fixed": version}]


def encoded(document: dict[str, Any]) -> bytes:
    """As it stands in a file."""
    return json.dumps(document).encode()
