"""Notices."""

from typing import TypedDict


class Notice(TypedDict):
    """Something that the caller should know; `severity` is `info`, `warning` or `critical`."""

    id: str
    kind: str
    severity: str
    title: str
    text: str
    link: str | None
    subject: dict[str, str]
    data: dict[str, str]
    count: int
    created_at: str
    last_at: str
    read: bool


class Inbox(TypedDict):
    """A page of notices; `unread` counts all that the caller has not read."""

    items: list[Notice]
    next_cursor: str | None
    total: int
    unread: int
