"""Routes that publish."""

from typing import Any

from fastapi import APIRouter, Request, Response

from aei_marketplace.catalog import service
from aei_marketplace.catalog.api.preferences import Preferences, until_processed
from aei_marketplace.catalog.api.shapes import release_shape, tagged_answer
from aei_marketplace.catalog.api.uploads import read_submission
from aei_marketplace.catalog.rules.names import check_plugin_id
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace

router = APIRouter(prefix="/api/plugins", route_class=OnceRoute)

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["package"],
                    "properties": {
                        "package": {"type": "string", "format": "binary", "description": "at most 64 MiB"},
                        "signature": {"type": "string", "format": "binary", "description": "DSSE envelope"},
                        "visibility": {"enum": ["public", "private"]},
                        "audience": {"type": "string", "description": "tenants, by short name, with commas"},
                    },
                }
            }
        },
    }
}


@router.post("", status_code=201, openapi_extra=_FORM)
async def publish_plugin(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Publish a release. The answer waits up to 20 s for it to be listed, unless `Prefer` says otherwise."""
    return await _publish(request, deps, actor, trace, None)


@router.post("/{plugin_id}/versions", status_code=201, openapi_extra=_FORM)
async def publish_release(
    plugin_id: str, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Publish a release of this plugin."""
    return await _publish(request, deps, actor, trace, check_plugin_id(plugin_id))


async def _publish(request: Request, deps: Deps, actor: Actor, trace: str, plugin_id: str | None) -> Response:
    await service.require_publisher(deps.works, actor, trace)
    preferences = Preferences.read(request.headers.getlist("prefer"))
    submission = await read_submission(request, plugin_id)
    release = await service.publish_release(deps, actor, trace, submission)
    release = await until_processed(deps, actor, trace, release, preferences.wait_s)
    answer = tagged_answer(request, release_shape(release), 201)
    answer.headers["Location"] = f"/api/plugins/{release.plugin_id}/versions/{release.version}"
    answer.headers.update(preferences.applied)
    return answer
