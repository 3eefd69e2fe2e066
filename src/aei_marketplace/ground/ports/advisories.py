"""Where advisories about packages are fetched from."""

from typing import Protocol


class MirrorFailed(Exception):
    """A mirror gave no answer, or none that is taken; the text is ours and may be shown."""


class AdvisoryMirror(Protocol):
    """Reads files of mirrors."""

    async def read(self, url: str, most: int) -> bytes:
        """What stands at an address, as a whole.

        Raises:
            MirrorFailed: nothing does, it has more than `most` bytes, or nothing is sent there.
        """
