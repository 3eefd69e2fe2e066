"""The badges of releases in the listings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from aei_marketplace.ground.work import Work

_SAVE = text("""
  update releases set certified_until = :until, certification = :request
  where id = :release_id and (certified_until, certification) is distinct from (:until, :request)
  returning plugin_id
""")
_CLEAR = text("""
  update releases set certified_until = null, certification = null
  where id = :release_id and certification = :request
  returning plugin_id
""")
#: Every change of a listing is read by the search indexes.
_TOUCH = text("update plugins set change_sequence = nextval('plugin_changes') where id = :plugin_id")


async def save(work: Work, release_id: UUID, request: UUID, until: datetime) -> None:
    """Have listing and search show a release's badge."""
    values = {"release_id": release_id, "until": until, "request": request}
    await _touch(work, (await work.run(_SAVE, values)).scalar_one_or_none())


async def clear(work: Work, release_id: UUID, request: UUID) -> bool:
    """Have listing and search show no badge, unless another request than this one stands behind it."""
    plugin_id = (await work.run(_CLEAR, {"release_id": release_id, "request": request})).scalar_one_or_none()
    await _touch(work, plugin_id)
    return plugin_id is not None


async def _touch(work: Work, plugin_id: str | None) -> None:
    if plugin_id is not None:
        await work.run(_TOUCH, {"plugin_id": plugin_id})
