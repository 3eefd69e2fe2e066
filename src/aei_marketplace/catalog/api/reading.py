"""Routes that read: listing, releases, download."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from aei_marketplace.catalog import service
from aei_marketplace.catalog.api.shapes import (
    plugin_page_shape,
    release_shape,
    tagged_answer,
)
from aei_marketplace.catalog.errors import PackageRemoved, PackageStopped
from aei_marketplace.catalog.service import ReleaseState, ReleaseView
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.web.requests import TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.responses import matches, page_answer
from aei_protocol.manifest import PACKAGE_SUFFIX

router = APIRouter(prefix="/api/plugins")

PACKAGE_TYPE = "application/vnd.aei.plugin+zip"


@router.get("/{plugin_id}")
async def get_plugin(
    plugin_id: str, request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """A plugin's listing, described by its latest release."""
    async with deps.works.begin(visitor, trace) as work:
        plugin = await service.find_plugin(work, plugin_id)
        texts = await service.find_texts(work, plugin_id, plugin.latest_version)
        advisories = await service.standing_advisories(work, plugin_id)
    return tagged_answer(request, plugin_page_shape(plugin, texts, advisories))


@router.get("/{plugin_id}/versions")
async def list_releases(
    plugin_id: str, deps: TheDeps, visitor: TheVisitor, trace: TheTrace, page: ThePage
) -> Response:
    """A plugin's releases, highest version first, in every state that the caller may see."""
    async with deps.works.begin(visitor, trace) as work:
        return page_answer(await service.list_releases(work, plugin_id, page), release_shape)


@router.get("/{plugin_id}/versions/{version}")
async def get_release(
    plugin_id: str, version: str, request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """One release, in whatever state it is."""
    async with deps.works.begin(visitor, trace) as work:
        release = await service.find_release(work, plugin_id, version)
    return tagged_answer(request, release_shape(release))


@router.get("/{plugin_id}/versions/{version}/package")
async def download_package(
    plugin_id: str, version: str, request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """The package as it was published. Its entity tag is its sha256."""
    async with deps.works.begin(visitor, trace) as work:
        release = await service.find_release(work, plugin_id, version)
    _require_available(release)
    headers = _package_headers(release)
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers={"ETag": headers["ETag"]})
    pieces = await _begun(deps.blobs.stream(release.package_sha256), release)
    return StreamingResponse(pieces, headers=headers, media_type=PACKAGE_TYPE)


def _require_available(release: ReleaseView) -> None:
    if release.state not in service.STOPPED:
        return
    why = f" Reason: {release.state_reason}" if release.state_reason else ""
    detail = f"{release.plugin_id} {release.version} is {release.state}.{why}"
    if release.state is ReleaseState.REMOVED:
        raise PackageRemoved(detail)
    raise PackageStopped(detail)


def _package_headers(release: ReleaseView) -> dict[str, str]:
    name = f"{release.plugin_id}-{release.version}{PACKAGE_SUFFIX}"
    return {
        "ETag": f'"{release.package_sha256}"',
        "Content-Length": str(release.size_bytes),
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-cache",
    }


async def _begun(pieces: AsyncIterator[bytes], release: ReleaseView) -> AsyncIterator[bytes]:
    """The stream after its first piece was read, so that a missing object is still told by a status."""
    try:
        first = await anext(pieces)
    except KeyError as error:
        raise Unavailable(
            f"The package of {release.plugin_id} {release.version} is missing from the object store."
        ) from error

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return whole()
