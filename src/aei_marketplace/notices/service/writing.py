"""Writing notices: part of the work that is their cause."""

from uuid import UUID

import msgspec

from aei_marketplace.ground.work import Work
from aei_marketplace.notices.events import NoticeWritten
from aei_marketplace.notices.rules.kinds import check_data
from aei_marketplace.notices.rules.notices import Notice
from aei_marketplace.notices.store import notices as store


async def notify(work: Work, notice: Notice) -> UUID | None:
    """Write a notice in the transaction of its cause; mails and webhooks follow its commit.

    Requires no action of its own: the domain whose work this is has required its own. A request reaches its
    own tenant, itself and the staff; named jobs and staff reach everybody.

    Returns:
        The notice's id; None when it repeats one of this day, which is counted instead.

    Raises:
        ValueError: there is no such kind, or the data are not what its template takes.
    """
    data = check_data(notice.kind, notice.data)
    notice_id = await store.put(work, notice, msgspec.json.encode(data).decode())
    if notice_id is not None:
        work.emit(NoticeWritten(notice_id))
    return notice_id
