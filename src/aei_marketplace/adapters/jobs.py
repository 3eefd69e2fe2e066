"""Runs queued jobs: each event's reactions, retried with growing pauses, kept when they fail for good."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import asyncpg
from pgqueuer import AsyncpgPoolDriver, DatabaseRetryEntrypointExecutor, Job, Queries, QueueManager

Handler = Callable[[bytes], Awaitable[None]]

#: Compiling is limited by the sandbox host; this bounds what one job process holds at a time.
MOST_AT_ONCE, TAKEN_AT_ONCE = 20, 10
#: A job whose process died is taken up again after this long.
SILENCE = timedelta(seconds=30)
ATTEMPTS = 8


async def run_jobs(system_url: str, handlers: Mapping[str, Handler], stop: asyncio.Event) -> None:
    """Work off the queue until told to stop.

    Args:
        system_url: asyncpg DSN of the role `aei_system`.
        handlers: what to do with each kind of event; an event without one is an error of the wiring.
    """
    async with asyncpg.create_pool(system_url, min_size=1, max_size=4) as pool:
        manager = QueueManager(Queries(AsyncpgPoolDriver(pool)))
        for kind, handler in handlers.items():
            _register(manager, kind, handler)
        ending = asyncio.create_task(_pass_on(stop, manager.shutdown))
        try:
            await manager.run(
                batch_size=TAKEN_AT_ONCE, max_concurrent_tasks=MOST_AT_ONCE, heartbeat_timeout=SILENCE
            )
        finally:
            ending.cancel()


def _register(manager: QueueManager, kind: str, handler: Handler) -> None:
    async def handle(job: Job) -> None:
        await handler(job.payload or b"")

    manager.entrypoint(
        kind,
        on_failure="hold",
        executor_factory=lambda p: DatabaseRetryEntrypointExecutor(p, max_attempts=ATTEMPTS),
    )(handle)


async def _pass_on(stop: asyncio.Event, shutdown: asyncio.Event) -> None:
    await stop.wait()
    shutdown.set()
