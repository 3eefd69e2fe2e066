"""Who calls."""

from typing import TypedDict


class Me(TypedDict):
    """Who a token belongs to, and which actions they may take."""

    id: str
    kind: str
    name: str
    tenant: str | None
    staff: bool
    actions: list[str]
