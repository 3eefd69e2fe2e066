"""When the sequencer signs."""

import asyncio

import asyncpg
import structlog

from aei_marketplace.audit.errors import CheckpointRefused
from aei_marketplace.audit.rules.checkpoints import is_due
from aei_marketplace.audit.service.checkpoints import Signer

log = structlog.get_logger()


class Signing:
    """Signs when it is due, and says so again and again while it must not."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        # What the process before left is unknown: the first look may sign.
        self._unsigned = 1
        self._since = -float("inf")

    async def step(self, connection: asyncpg.Connection, sequenced: int) -> None:
        """Sign if it is due; a refusal leaves the sequencer running, which loses nothing."""
        self._unsigned += sequenced
        now = asyncio.get_running_loop().time()
        if not is_due(self._unsigned, now - self._since):
            return
        try:
            await self._signer.sign(connection)
            self._unsigned = 0
        except CheckpointRefused as refusal:
            log.critical("audit.checkpoint_refused", reason=str(refusal))
            self._unsigned = 1  # the next attempt is due after a minute, not at once
        except OSError as error:
            log.error("audit.checkpoint_not_written", reason=str(error))
            self._unsigned = 1
        self._since = now
