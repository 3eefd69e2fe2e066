"""The kill list: made and signed by the job process, read by everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aei_inspection.notes import SigningKey, parse_note
from aei_marketplace.catalog.errors import NoKillListYet
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.catalog.store import kill_list as store
from aei_marketplace.catalog.store import releases
from aei_marketplace.ground.clock import rfc3339
from aei_marketplace.ground.work import Work, Works
from aei_protocol.kill_list import MOST_BYTES, Killed, KillList, read_kill_list

#: A list that says the same is signed again after so long: its time shows readers that it is fresh.
FRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SignedKillList:
    """The list as it is distributed.

    Attributes:
        note: C2SP signed note.
        verifying_key: checks it; `name+id+base64`.
    """

    serial: int
    note: str
    verifying_key: str


async def sign_kill_list(works: Works, key: SigningKey) -> bool:
    """Sign the list anew, where it says something else than the last one, or that one is not fresh.

    Returns:
        Whether a list was signed.
    """
    async with works.system("catalog.kill_list") as work:
        await store.hold(work)
        last = await store.signed(work)
        entries = await killed_releases(work)
        if last is not None and last.verifying_key == key.verifying.text():
            unchanged = read_kill_list(parse_note(last.note, MOST_BYTES).text).entries == entries
            if unchanged and work.now - last.signed_at < FRESH:
                return False
        serial = 1 if last is None else last.serial + 1
        listed = KillList(key.name, serial, rfc3339(work.now), entries)
        await store.save(work, serial, key.sign(listed.text()), key.verifying.text())
        return True


async def find_kill_list(work: Work) -> SignedKillList:
    """The list that was signed last.

    Raises:
        NoKillListYet: the job process has not signed any.
    """
    row = await store.signed(work)
    if row is None:
        raise NoKillListYet("No kill list has been signed yet.")
    return SignedKillList(row.serial, row.note, row.verifying_key)


async def list_blocked(work: Work) -> Sequence[ReleaseView]:
    """What is blocked, private plugins among it, those blocked last first; for staff.

    Raises:
        NotAllowed: the actor does not administer the list.
    """
    work.actor.require("killlist.administer")
    return await releases.blocked(work)


async def killed_releases(work: Work) -> tuple[Killed, ...]:
    """What stands on the list now, by package."""
    return tuple(
        Killed(
            row.package_sha256,
            row.component_sha256,
            row.plugin_id,
            row.version,
            row.reason,
            rfc3339(row.at),
        )
        for row in await store.blocked(work)
    )
