"""Routes: keep, list, delete secrets. A value goes in and never comes out."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from aei_marketplace.vault import service
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/secrets", tags=["secrets"], route_class=OnceRoute)


class SecretWanted(BaseModel):
    """A value to keep."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    value: Annotated[SecretStr, Field(description="1 byte to 16 KiB of text")]


@router.get("")
async def list_secrets(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """The names of the tenant's secrets, with when and by whom each was written."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await service.list_secrets(work, page), lambda secret: secret)


@router.put("/{name}")
async def put_secret(
    name: str, body: SecretWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Keep a secret, in the place of an older value."""
    async with deps.works.begin(actor, trace) as work:
        value = body.value.get_secret_value()
        return json_answer(await service.put_secret(work, deps.master_key, name, value))


@router.delete("/{name}", status_code=204)
async def delete_secret(name: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Delete a secret."""
    async with deps.works.begin(actor, trace) as work:
        await service.delete_secret(work, name)
    return Response(status_code=204)
