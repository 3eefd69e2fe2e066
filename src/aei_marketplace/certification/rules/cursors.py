"""Cursors of lists that are in the order of ids."""

from uuid import UUID

from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.paging import PageWanted


def after_id(wanted: PageWanted) -> PageWanted:
    """The page wanted, its cursor known to be an id.

    Raises:
        Invalid: the cursor is of another list.
    """
    try:
        return wanted if wanted.after is None else PageWanted(wanted.limit, str(UUID(str(wanted.after))))
    except ValueError as error:
        fault = Fault("cursor", "send back `next_cursor` unchanged")
        raise Invalid("The cursor is of another list.", faults=[fault]) from error
