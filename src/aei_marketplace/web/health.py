"""Routes for whoever operates the marketplace."""

from fastapi import APIRouter, Response
from sqlalchemy import text

from aei_marketplace.ground.ports import SandboxGone
from aei_marketplace.web.requests import TheDeps
from aei_marketplace.web.responses import json_answer

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return json_answer({"status": "ok"})


@router.get("/readyz")
async def ready(deps: TheDeps) -> Response:
    """Database and sandbox answer too; which walls stand around plugins."""
    async with deps.works.system("web.readyz") as work:
        await work.run(text("select 1"))
    try:
        hello = await deps.sandbox.hello()
    except SandboxGone as gone:
        return json_answer({"status": "sandbox missing", "detail": str(gone)}, 503)
    return json_answer(
        {
            "status": "ready",
            "runtime": hello.runtime,
            "walls": hello.walls,
            "development": hello.development,
        }
    )
