"""Where packages and components lie."""

from collections.abc import AsyncIterator
from typing import Protocol


class Blobs(Protocol):
    """Objects addressed by the sha256 of their content; they are created and never changed."""

    async def put(self, sha256: str, content: bytes) -> None:
        """Store content under its digest; storing it again changes nothing."""
        ...

    async def get(self, sha256: str) -> bytes:
        """The content.

        Raises:
            KeyError: there is no such object.
        """
        ...

    def stream(self, sha256: str) -> AsyncIterator[bytes]:
        """The content in pieces; raises KeyError as `get` does."""
        ...

    async def delete(self, sha256: str) -> None:
        """Remove an object that nothing refers to any more; no error when it is gone."""
        ...
