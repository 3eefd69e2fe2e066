"""The JSON Schemas for authors' editors, as `aei schema` prints them."""

from fastapi import APIRouter, Response

from aei_marketplace.ground.errors import NotFound
from aei_protocol.schemas import PUBLISHED, schema_text

router = APIRouter(prefix="/schemas", tags=["schemas"])

_MEDIA_TYPE = "application/schema+json"
#: An editor asks each time that a file is opened; a release of the marketplace may bring another text.
_HEADERS = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


class NoSuchSchema(NotFound):
    """There is no published schema of that name."""

    type = "no-such-schema"
    advice = f"The schemas are {', '.join(PUBLISHED)}."


@router.get("/{name}.json")
async def schema(name: str) -> Response:
    """A JSON Schema (2020-12): of `plugin.json`, of a test case, or of what plugin and host exchange."""
    if name not in PUBLISHED:
        raise NoSuchSchema(f"There is no schema {name[:60]!r}.")
    return Response(schema_text(name), media_type=_MEDIA_TYPE, headers=_HEADERS)
