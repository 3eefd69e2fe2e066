"""The route that lists removals."""

from typing import Any

from fastapi import APIRouter, Response

from aei_marketplace.catalog import service
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.web.requests import TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.responses import page_answer

router = APIRouter(prefix="/api/removals")


@router.get("")
async def list_removals(deps: TheDeps, visitor: TheVisitor, trace: TheTrace, page: ThePage) -> Response:
    """Releases that are blocked or removed, with the reasons, the latest first. Needs no token."""
    async with deps.works.begin(visitor, trace) as work:
        return page_answer(await service.list_removals(work, page), _shape)


def _shape(release: ReleaseView) -> dict[str, Any]:
    return {
        "plugin_id": release.plugin_id,
        "version": release.version,
        "state": release.state,
        "reason": release.state_reason,
        "at": release.state_changed_at,
        "publisher": {"name": release.publisher_name, "verified": release.publisher_verified},
        "sha256": release.package_sha256,
    }
