"""A log with a signer, and a hand that changes it behind everybody's back."""

from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from aei_inspection.notes import Checkpoint, SigningKey
from aei_marketplace.adapters.archive_folder import ArchiveFolder
from aei_marketplace.adapters.checkpoints import CheckpointFolder
from aei_marketplace.audit.service import Signer
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.work import Works
from tests.builders import sequence_all

KEY = SigningKey("log.example/audit", bytes(range(32)))


@dataclass
class Log:
    """The audit log of one test."""

    works: Works
    urls: object
    superuser: str
    folder: Path
    signer: Signer

    async def write(self, actor: Actor, count: int, action: str = "thing.do") -> None:
        """Write entries and have them sequenced."""
        async with self.works.begin(actor) as work:
            for number in range(count):
                fact = Fact(action, "thing", str(number), personal={"note": f"by hand {number}"})
                work.record(fact)
        await sequence_all(self.urls.system)

    @property
    def archives(self) -> ArchiveFolder:
        return ArchiveFolder(self.folder.parent / "archive")

    async def sign(self) -> Checkpoint | None:
        connection = await asyncpg.connect(self.urls.system)
        try:
            return await self.signer.sign(connection)
        finally:
            await connection.close()

    def new_signer(self, key: SigningKey = KEY) -> Signer:
        """The signer of a process that has just started."""
        shelf = CheckpointFolder(self.folder, "audit")
        return Signer(key, (key.verifying, KEY.verifying), shelf, utc_now)

    async def tamper(self, *statements: str) -> None:
        """Execute SQL as the superuser, with every trigger off."""
        connection = await asyncpg.connect(self.superuser)
        try:
            async with connection.transaction():
                await connection.execute("set local session_replication_role = replica")
                for statement in statements:
                    await connection.execute(statement)
        finally:
            await connection.close()

    async def fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.superuser)
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()


@pytest.fixture
def log(works: Works, urls, server: str, tmp_path: Path) -> Log:
    database = urls.system.partition("?")[0].rpartition("/")[2]
    superuser = server.replace("/postgres?", f"/{database}?")
    assert superuser != server
    found = Log(works, urls, superuser, tmp_path / "checkpoints", None)  # type: ignore[arg-type]
    found.signer = found.new_signer()
    return found
