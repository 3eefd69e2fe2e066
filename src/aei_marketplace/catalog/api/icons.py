"""Icons of releases, as their packages hold them.

A picture of a stranger's is served from this address. The gate let pass none that runs or loads anything; the
policy says so to browsers again, for whoever opens it by itself.
"""

from fastapi import APIRouter, Request, Response

from aei_marketplace.catalog import service
from aei_marketplace.catalog.rules.icons import WAY
from aei_marketplace.web.requests import TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.responses import matches

router = APIRouter(prefix=WAY.rstrip("/"))


@router.get("/{package_sha256}", response_class=Response)
async def get_icon(
    package_sha256: str, request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """The icon of the release with this package; it never changes."""
    async with deps.works.begin(visitor, trace) as work:
        icon = await service.find_icon(work, package_sha256)
    headers = {
        "ETag": f'"{package_sha256}"',
        # Not every plugin is everybody's: no cache that people share keeps it.
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(icon.content, headers=headers, media_type=icon.kind.media_type)
