"""What a publisher's domain says of itself."""

from collections.abc import Sequence
from typing import Protocol


class DomainSilent(Exception):
    """A domain did not answer as it should; the text is ours and may be shown."""


class Domains(Protocol):
    """What stands on a domain, for everybody to read; never asked inside a work."""

    async def text_records(self, name: str) -> Sequence[str]:
        """The TXT records at a name; none when there is no such name.

        Raises:
            DomainSilent: the DNS does not answer.
        """
        ...

    async def read_file(self, domain: str, path: str) -> str:
        """A small file on the domain's own web server.

        Raises:
            DomainSilent: it is not given, too large, or at an address where nothing is asked.
        """
        ...


class NoDomains:
    """A marketplace that asks no domain anything."""

    async def text_records(self, name: str) -> Sequence[str]:
        """Refuse.

        Raises:
            DomainSilent: always.
        """
        raise DomainSilent(f"this marketplace does not ask for {name}")

    async def read_file(self, domain: str, path: str) -> str:
        """Refuse.

        Raises:
            DomainSilent: always.
        """
        raise DomainSilent(f"this marketplace does not ask for {domain}{path}")
