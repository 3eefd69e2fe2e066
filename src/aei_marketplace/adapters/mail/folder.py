"""Mail as files, one `.eml` a message: what a marketplace does that was told of no mail server."""

import asyncio
import os
from pathlib import Path

from aei_marketplace.adapters.mail.message import checked_id, compose
from aei_marketplace.ground.clock import Clock, utc_now
from aei_marketplace.ground.errors import Unavailable


class MailFolder:
    """Writes messages into a folder that only its owner reads.

    Args:
        folder: made with the first message.
        sender: a bare address.
    """

    def __init__(self, folder: Path, sender: str, clock: Clock = utc_now) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock

    async def send(self, to: str, subject: str, text: str, *, message_id: str | None = None) -> None:
        """Write one file; a message that is sent again takes the place of its first copy.

        Raises:
            MailRefused: nothing can be sent to this address.
            Unavailable: the file cannot be written.
        """
        name = checked_id(message_id)
        message = compose(self._sender, to, subject, text, self._clock(), name)
        try:
            await asyncio.to_thread(self._write, name, message.as_bytes())
        except OSError as error:
            raise Unavailable(f"The mail folder cannot be written: {error.strerror}.") from error

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = self._folder / f".{name}.{os.getpid()}"
        half.unlink(missing_ok=True)
        with open(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(content)
        half.rename(self._folder / f"{name}.eml")
