"""Replacing data keys: each owner's values are sealed again with a fresh key, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from aei_marketplace.ground.actor import system_actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.data_keys import (
    find_replacements_due,
    find_wrapped,
    hold_data_key,
    mark_replacements_due,
    opened_data_key,
    put_replacement,
)
from aei_marketplace.ground.master_keys import present
from aei_marketplace.ground.sealing import (
    OPERATOR,
    SealBroken,
    new_data_key,
    open_value,
    seal_value,
    wrap_data_key,
)
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.vault.service.master_keys import JOB
from aei_marketplace.vault.service.sealed_values import SHELVES


@dataclass(frozen=True, slots=True)
class Resealed:
    """What a replacement of data keys came to.

    Attributes:
        resumed: an interrupted replacement was finished.
        keys, values: data keys that were replaced, and values that were sealed again.
        shut: owners of whom something does not open; theirs are as they were.
    """

    resumed: bool
    keys: int
    values: int
    shut: tuple[UUID, ...]


async def begin_replacement(works: Works) -> tuple[bool, list[UUID]]:
    """Mark every data key for replacement, or find those that an interrupted replacement left marked.

    Returns:
        Whether one was interrupted, and whose data keys are to be replaced.
    """
    async with works.system(JOB) as work:
        work.actor.require("policy.operate")
        left = await find_replacements_due(work)
        if left:
            return True, left
        await mark_replacements_due(work)
        owners = await find_replacements_due(work)
        work.record(Fact("data_key.replace_all", "data_key", "all", context={"data_keys": len(owners)}))
    return False, owners


async def replace_data_keys(
    works: Works, master_key: bytes, advance: Callable[[int], None] = lambda _: None
) -> Resealed:
    """Give every owner a fresh data key, and seal all that the old ones sealed again.

    An owner's values and key change in one commit, for which their readers and writers wait. What is
    interrupted is finished by calling it again.

    Args:
        advance: told of each data key.
    """
    resumed, owners = await begin_replacement(works)
    keys, values, shut = 0, 0, []
    for owner in owners:
        tenant = None if owner == OPERATOR else owner
        try:
            async with works.begin(replace(system_actor(JOB), tenant=tenant)) as work:
                done = await _replace(work, master_key, owner)
            keys, values = keys + (done is not None), values + (done or 0)
        except SealBroken:
            shut.append(owner)
        advance(1)
    return Resealed(resumed, keys, values, tuple(shut))


async def _replace(work: Work, master_key: bytes, owner: UUID) -> int | None:
    """How many values were sealed again; None when the key was replaced already.

    Raises:
        SealBroken: the key or a value does not open.
    """
    work.actor.require("policy.operate")
    await hold_data_key(work, owner)
    if owner not in await find_replacements_due(work):
        return None
    await find_wrapped(work, owner, for_update=True)  # a rotation of the master key waits, too
    old = await opened_data_key(work, master_key, owner)
    assert old is not None, "it is due, so that it is there"
    new = new_data_key()
    values = await _reseal(work, owner, old, new)
    await put_replacement(work, owner, wrap_data_key(present(master_key), owner, new))
    work.record(Fact("data_key.replace", "data_key", str(owner), context={"values": values}))
    return values


async def _reseal(work: Work, owner: UUID, old: bytes, new: bytes) -> int:
    count = 0
    for shelf in SHELVES:
        for value in await shelf.find(work, owner):
            plain = open_value(old, value.place, value.sealed)
            await shelf.put(work, replace(value, sealed=seal_value(new, value.place, plain)))
            count += 1
    return count
