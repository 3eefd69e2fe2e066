"""The sandbox host and its walls."""

import asyncpg

from aei_marketplace.adapters.postgres import PostgresError
from aei_marketplace.examination.finding import Finding
from aei_marketplace.ground.ports import SandboxGone
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import open_deps
from aei_protocol.walls import REQUIRED_WALLS


async def look_at_sandbox(settings: Settings) -> Finding:
    """Whether plugins run behind every wall."""
    try:
        async with open_deps(settings, connections=1) as deps:
            hello = await deps.sandbox.hello()
    except (SandboxGone, PostgresError, OSError, ValueError, asyncpg.PostgresError) as error:
        return Finding("sandbox", False, f"does not answer: {error}")
    missing = [wall for wall in REQUIRED_WALLS if wall not in hello.walls]
    if missing:
        return Finding("sandbox", False, f"walls missing: {', '.join(missing)}")
    if hello.development:
        return Finding("sandbox", False, "development mode: plugins run even where walls are missing")
    return Finding("sandbox", True, f"{hello.runtime}, walls: {', '.join(hello.walls)}")
