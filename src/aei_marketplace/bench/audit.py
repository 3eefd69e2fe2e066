"""How many audit entries are written and sequenced each second, how soon a log of 100,000 is verified, and
how soon the admin of the tenant that all of them belong to has one proven."""

import asyncio
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
from sqlalchemy import text

from aei_inspection.notes import SigningKey
from aei_marketplace.adapters.archive_folder import ArchiveFolder
from aei_marketplace.adapters.checkpoints import CheckpointFolder
from aei_marketplace.adapters.postgres import EmbeddedPostgres
from aei_marketplace.adapters.postgres.bootstrap import bootstrap
from aei_marketplace.adapters.queue import PostgresQueue, install_queue
from aei_marketplace.audit.service import Signer, prove_entry, sequence_pending
from aei_marketplace.audit.service.signing import Signing
from aei_marketplace.audit.service.verifying import verify_log
from aei_marketplace.bench.report import Result, percentile
from aei_marketplace.ground.actor import Actor, ActorKind, system_actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.migrate import migrate
from aei_marketplace.ground.work import Works
from aei_protocol.merkle import check_inclusion

IN_ONE_WORK, WRITERS, VERIFIED = 500, 4, 100_000
_ANY = text("select id from audit_entries order by random() limit :count")
KEY = SigningKey.generate("bench.example/audit")
#: Row-level security looks at each row for a tenant; staff are let through at once.
READER = Actor(ActorKind.USER, actions=frozenset({"audit.read"}), tenant=uuid4())
WRITER = replace(system_actor("bench"), tenant=READER.tenant)


def measure(quick: bool) -> Result:
    """Write entries through works of several writers, and sequence them meanwhile."""
    with tempfile.TemporaryDirectory(prefix="aei-bench-") as folder:
        Path(folder).chmod(0o711)
        place = Path(folder)
        server = EmbeddedPostgres(place / "pg", place / "s", place / "password", place / "postgres.log")
        server.start()
        try:
            figures = asyncio.run(_measure(server.admin_url, place, quick))
        finally:
            server.stop(hurry=True)
    return Result("audit", figures)


async def _measure(admin_url: str, place: Path, quick: bool) -> dict[str, float | int | None]:
    urls = await bootstrap(admin_url, place / "database.json", own_server=True)
    await migrate(urls.owner)
    await install_queue(urls.owner)
    async with open_database(urls.app, urls.system) as database:
        works = Works(database, PostgresQueue())
        entries = 10_000 if quick else 50_000
        signer = Signer(KEY, (KEY.verifying,), CheckpointFolder(place / "checkpoints", "audit"), utc_now)
        appended = await _append(works, urls.system, signer, entries)
        await _append(works, urls.system, signer, VERIFIED - entries)
        return {
            "appended_per_second": appended,
            "verify_100k_s": await _verify(urls.system, place),
            "proof_p95_ms": await _prove(works, 100 if quick else 500),
        }


async def _append(works: Works, system_url: str, signer: Signer, entries: int) -> float:
    began = time.monotonic()
    sequencing = asyncio.create_task(_sequence(system_url, signer, entries))
    await asyncio.gather(*(_write(works, entries // WRITERS) for _ in range(WRITERS)))
    await sequencing
    return entries / (time.monotonic() - began)


async def _verify(system_url: str, place: Path) -> float:
    connection = await asyncpg.connect(system_url)
    try:
        began = time.monotonic()
        shelf = CheckpointFolder(place / "checkpoints", "audit")
        verdict = await verify_log(connection, shelf.all, ArchiveFolder(place / "archive"), (KEY.verifying,))
        took = time.monotonic() - began
    finally:
        await connection.close()
    assert (verdict.findings, verdict.proven) == ((), VERIFIED), verdict.findings[:3]
    return took


async def _prove(works: Works, proofs: int) -> float:
    """The 95th percentile of proving one entry as a request does once it knows who asks, in milliseconds."""
    async with works.system("bench") as work:
        found = await work.run(_ANY, {"count": proofs})
        ids = [row.id for row in found]
    times = []
    for entry_id in ids:
        began = time.monotonic()
        proof = await prove_entry(works, READER, "bench", entry_id)
        times.append((time.monotonic() - began) * 1000)
        check_inclusion(proof.leaf_hash, proof.sequence, proof.head.size, proof.hashes, proof.head.root)
    return percentile(times, 0.95)


async def _write(works: Works, entries: int) -> None:
    for start in range(0, entries, IN_ONE_WORK):
        async with works.begin(WRITER) as work:
            for number in range(start, min(start + IN_ONE_WORK, entries)):
                work.record(Fact("bench.write", "number", str(number), context={"number": number}))


async def _sequence(system_url: str, signer: Signer, entries: int) -> None:
    connection = await asyncpg.connect(system_url)
    signing = Signing(signer)
    try:
        done = 0
        while done < entries:
            done += (taken := await sequence_pending(connection, utc_now))
            await signing.step(connection, taken)
            if not taken:
                await asyncio.sleep(0.01)
        await signer.sign(connection)
    finally:
        await connection.close()
