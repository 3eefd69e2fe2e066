"""Addresses of lists: the same page with one thing changed."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request


@dataclass(frozen=True, slots=True)
class Address:
    """A path with its query, in order."""

    path: str
    query: tuple[tuple[str, str], ...] = ()

    def but(self, **changes: str | None) -> str:
        """The address with these parameters set, and those that are None left out."""
        kept = [(name, value) for name, value in self.query if name not in changes]
        query = urlencode([*kept, *((n, v) for n, v in changes.items() if v is not None)])
        return f"{self.path}?{query}" if query else self.path


def address_of(request: Request, *names: str) -> Address:
    """Where a list is looked at, with those of its parameters that a page may pass on."""
    query = request.query_params.multi_items()
    return Address(request.url.path, tuple((name, value) for name, value in query if name in names and value))
