"""Rotating the master key: each data key is wrapped again, in a transaction of its own; and what opens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from aei_marketplace.ground.actor import system_actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.data_keys import (
    find_replacements_due,
    find_wrapped,
    find_wrapped_owners,
    keep_data_key,
    put_wrapped,
)
from aei_marketplace.ground.master_keys import fingerprint
from aei_marketplace.ground.sealing import (
    OPERATOR,
    SealBroken,
    Sealed,
    SealedValue,
    open_value,
    unwrap_data_key,
    wrap_data_key,
)
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.vault.service.sealed_values import SHELVES

JOB = "keys"


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What wrapping again came to.

    Attributes:
        done: data keys that are under the present key now and were not before.
        shut: owners whose data key opens with none of the keys.
    """

    done: int
    shut: tuple[UUID, ...]


@dataclass
class KeyReport:
    """Which keys open what.

    Attributes:
        data_keys: how many data keys are under each master key, by fingerprint.
        due: data keys that an interrupted replacement has still to replace.
        shut: what does not open, in words without values.
    """

    data_keys: dict[str, int] = field(default_factory=dict)
    values: int = 0
    due: int = 0
    shut: list[str] = field(default_factory=list)


async def rewrap_data_keys(
    works: Works, keys: Sequence[bytes], advance: Callable[[int], None] = lambda _: None
) -> Rewrapped:
    """Wrap every data key with the first of the keys; run again, it goes on where it was interrupted.

    Readers are not disturbed: a data key stays what it is, and whoever reads tries every master key.

    Args:
        keys: the present master key, then those before it.
        advance: told of each data key.
    """
    async with works.system(JOB) as work:
        owners = await find_wrapped_owners(work)
    done, shut = 0, []
    for owner in owners:
        async with works.system(JOB) as work:
            try:
                done += await _rewrap(work, keys, owner)
            except SealBroken:
                shut.append(owner)
        advance(1)
    return Rewrapped(done, tuple(shut))


async def check_keys(works: Works, keys: Sequence[bytes]) -> KeyReport:
    """Open everything that data keys seal, and say what does not open. No value leaves this function.

    Args:
        keys: every master key, the present one first.
    """
    report = KeyReport({fingerprint(key): 0 for key in keys})
    async with works.system(JOB) as work:
        work.actor.require("policy.operate")
        owners = await find_wrapped_owners(work)
        report.due = len(await find_replacements_due(work))
    for owner in owners:
        async with works.begin(
            replace(system_actor(JOB), tenant=None if owner == OPERATOR else owner)
        ) as work:
            await _check_owner(work, keys, owner, report)
    return report


async def _rewrap(work: Work, keys: Sequence[bytes], owner: UUID) -> int:
    """Wrap one data key again; 0 when it is under the present key already."""
    work.actor.require("policy.operate")
    wrapped = await find_wrapped(work, owner, for_update=True)
    if wrapped is None:
        return 0
    master_key, data_key = opened_with(keys, owner, wrapped)
    if master_key == keys[0]:
        return 0
    await put_wrapped(work, owner, wrap_data_key(keys[0], owner, data_key))
    context = {"from": fingerprint(master_key), "to": fingerprint(keys[0])}
    work.record(Fact("data_key.rewrap", "data_key", str(owner), context=context))
    return 1


def opened_with(keys: Sequence[bytes], owner: UUID, wrapped: Sealed) -> tuple[bytes, bytes]:
    """The master key that opens a data key, and the data key.

    Raises:
        SealBroken: none does.
    """
    for key in keys:
        try:
            return key, unwrap_data_key(key, owner, wrapped)
        except SealBroken:
            continue
    raise SealBroken("the data key opens with none of the master keys")


async def _check_owner(work: Work, keys: Sequence[bytes], owner: UUID, report: KeyReport) -> None:
    await keep_data_key(work, owner)
    wrapped = await find_wrapped(work, owner)
    if wrapped is None:
        return
    try:
        master_key, data_key = opened_with(keys, owner, wrapped)
    except SealBroken:
        report.shut.append(f"the data key of {owner}, and all that it seals")
        return
    report.data_keys[fingerprint(master_key)] += 1
    for shelf in SHELVES:
        for value in await shelf.find(work, owner):
            _try(report, data_key, value)


def _try(report: KeyReport, data_key: bytes, value: SealedValue) -> None:
    report.values += 1
    try:
        open_value(data_key, value.place, value.sealed)
    except SealBroken:
        report.shut.append(f"{value.what} of {value.place.tenant}")
