"""Routes of advisories about plugins."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.catalog import service
from aei_marketplace.catalog.api.shapes import advisory_shape
from aei_marketplace.catalog.service import Advisory
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer, matches, page_answer

router = APIRouter(route_class=OnceRoute)

Severity = Literal["low", "moderate", "high", "critical"]
# Wide enough that the rule, which names every fault at once, has the last word.
Text = Annotated[str, Field(max_length=20_000)]
Links = Annotated[list[Text], Field(max_length=50)]


class AdvisoryWanted(BaseModel):
    """What is wrong with which versions."""

    model_config = ConfigDict(extra="forbid")

    severity: Severity
    title: Text
    details: Text
    affected: Text = Field(examples=[">=1.0.0 <1.4.2"])
    fixed: Text | None = None
    references: Links = []


class AdvisoryChange(BaseModel):
    """What an advisory is to say instead; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    severity: Severity | None = None
    title: Text | None = None
    details: Text | None = None
    affected: Text | None = None
    fixed: Text | None = None
    references: Links | None = None


class Withdrawal(BaseModel):
    """Why an advisory is taken back."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


@router.get("/api/advisories")
async def list_advisories(deps: TheDeps, visitor: TheVisitor, trace: TheTrace, page: ThePage) -> Response:
    """Advisories about all plugins that the caller sees, the latest first. Needs no token."""
    async with deps.works.begin(visitor, trace) as work:
        return page_answer(await service.list_advisories(work, page), advisory_shape)


@router.get("/api/plugins/{plugin_id}/advisories")
async def list_of_plugin(
    plugin_id: str, deps: TheDeps, visitor: TheVisitor, trace: TheTrace, page: ThePage
) -> Response:
    """Advisories about one plugin, the latest first. Needs no token."""
    async with deps.works.begin(visitor, trace) as work:
        return page_answer(await service.list_advisories(work, page, plugin_id), advisory_shape)


@router.post("/api/plugins/{plugin_id}/advisories", status_code=201)
async def file_advisory(
    plugin_id: str, body: AdvisoryWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """File an advisory, as the plugin's publisher or as staff; who has an affected release is told."""
    async with deps.works.begin(actor, trace) as work:
        advisory = await service.file_advisory(work, plugin_id, _document(body))
        versions = await service.affected_versions(work, advisory.id)
    return _answer(advisory, versions, 201)


@router.get("/api/advisories/{advisory_id}")
async def get_advisory(
    advisory_id: str, request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """One advisory, with the versions that it concerns. Needs no token."""
    async with deps.works.begin(visitor, trace) as work:
        advisory = await service.find_advisory(work, advisory_id)
        versions = await service.affected_versions(work, advisory_id)
    if matches(request.headers.get("if-none-match"), advisory.etag):
        return Response(status_code=304, headers={"ETag": advisory.etag})
    return _answer(advisory, versions)


@router.patch("/api/advisories/{advisory_id}")
async def change_advisory(
    advisory_id: str,
    body: AdvisoryChange,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: Annotated[str | None, Header(description="the ETag that the change is based on")] = None,
) -> Response:
    """Change an advisory; who has a release that it concerns now, or harms more, is told."""
    async with deps.works.begin(actor, trace) as work:
        advisory = await service.change_advisory(work, advisory_id, _document(body), if_match)
        versions = await service.affected_versions(work, advisory_id)
    return _answer(advisory, versions)


@router.post("/api/advisories/{advisory_id}/withdraw")
async def withdraw_advisory(
    advisory_id: str, body: Withdrawal, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Take an advisory back with a reason; it stays in the list."""
    async with deps.works.begin(actor, trace) as work:
        advisory = await service.withdraw_advisory(work, advisory_id, body.reason)
    return _answer(advisory, [])


def _document(body: AdvisoryWanted | AdvisoryChange) -> dict[str, Any]:
    document = body.model_dump(exclude_unset=True)
    if "references" in document:
        document["links"] = document.pop("references") or ()
    return document


def _answer(advisory: Advisory, versions: list[str], status: int = 200) -> Response:
    shape = {**advisory_shape(advisory), "versions": versions}
    return json_answer(shape, status, {"ETag": advisory.etag})
