"""What failed of a publisher's plugins, as far as the database tells them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from aei_marketplace.ground.work import Work

_FAILURES = text(
    "select * from executions_failures(:since)"
    " order by last_day desc, plugin_id, version desc, outcome, permission limit :most"
)


async def list_own(work: Work, since: UUID, most: int) -> Sequence[Row[Any]]:
    """The failures of plugins of the actor's tenant since an id, the latest first."""
    return (await work.run(_FAILURES, {"since": since, "most": most})).all()
