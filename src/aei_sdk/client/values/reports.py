"""Reports of plugins."""

from typing import TypedDict


class Report(TypedDict):
    """What somebody said about a plugin; `state` is `open`, `upheld` or `dismissed`.

    `quarantines` says whether it stopped what it names at once.
    """

    id: str
    plugin_id: str
    version: str | None
    kind: str
    text: str
    state: str
    quarantines: bool
    case_id: str
    created_at: str
