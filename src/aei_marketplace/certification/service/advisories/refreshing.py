"""Bringing advisories up to date from a mirror: only what changed since.

A mirror is a folder on a web server: `modified_id.csv` with a line `TIME,ID` for each record, the newest
first, and a file `ID.json` for each. In the csv of OSV's root, an id is written `ECOSYSTEM/ID`.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from aei_inspection.advisories.ecosystems import read_ecosystem
from aei_inspection.advisories.records import LARGEST_RECORD, Advisory, RecordRefused, read_record
from aei_marketplace.certification.errors.advisories import AdvisoriesRefused, MirrorUnavailable
from aei_marketplace.certification.service.advisories.importing import Imported, Told, digest_of, finish
from aei_marketplace.certification.service.advisories.taking import Taking
from aei_marketplace.certification.store.advisories import looking
from aei_marketplace.certification.store.advisories import taking as store
from aei_marketplace.ground.ports import AdvisoryMirror, MirrorFailed
from aei_marketplace.ground.work import Work, Works

LIST = "modified_id.csv"
LARGEST_LIST = 128 * 1024**2
#: More than this is quicker and kinder brought by an export.
MOST_CHANGED = 20_000
#: All records of one refresh together, which are held in memory until the last has come.
LARGEST_SUM = 256 * 1024**2
_AT_ONCE = 8
_BY_EXPORT = "Import the mirror's all.zip under the same source first; then refresh."
_ID = re.compile(r"(?:(?P<folder>[^/]{1,80})/)?(?P<id>[A-Za-z0-9][A-Za-z0-9:._-]{1,127})")


@dataclass(frozen=True, slots=True)
class Listed:
    """A record that a mirror has.

    Attributes:
        path: below the mirror's address.
    """

    id: str
    path: str
    modified: datetime


async def refresh(works: Works, mirror: AdvisoryMirror, url: str, source: str, told: Told) -> Imported:
    """Fetch what a mirror changed since, then bring all of it in one transaction.

    A record that the mirror lists no more stays until the next import of an export.

    Args:
        url: of the folder that holds `modified_id.csv`.
        told: how many records of how many were fetched.

    Raises:
        MirrorUnavailable: the mirror did not answer as one.
        AdvisoriesRefused: what it gave is malformed or too much.
    """
    base = url.rstrip("/") + "/"
    listed = read_list(await _ask(mirror, base + LIST, LARGEST_LIST))
    async with works.system("advisories.refresh") as work:
        work.actor.require("certification.decide")
        known = await store.known_versions(work)
    wanted = [each for each in listed if each.id not in known or known[each.id][0] < each.modified]
    if len(wanted) > MOST_CHANGED:
        raise AdvisoriesRefused(
            f"{len(wanted):,} records differ from the mirror's; one by one, {MOST_CHANGED:,} are fetched.",
            advice=_BY_EXPORT,
        )
    fetched = await _fetch(mirror, base, wanted, told)
    async with works.system("advisories.refresh") as work:
        work.actor.require("certification.decide")
        return await _bring(work, source, [each.id for each in listed], fetched)


def read_list(content: bytes) -> list[Listed]:
    """The records that a mirror has, in the ecosystems that are known here; each once.

    Raises:
        AdvisoriesRefused: a line is not of the form `TIME,ID`.
    """
    found: dict[str, Listed] = {}
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        moment, _, name = line.strip().partition(",")
        parts = _ID.fullmatch(name.strip())
        if parts is None:
            raise AdvisoriesRefused(f"{LIST}, line {number}: expected TIME,ID.")
        if parts["folder"] is None or read_ecosystem(parts["folder"]) is not None:
            modified = _moment(moment, number)
            known = found.get(parts["id"])
            if known is None or modified > known.modified:
                found[parts["id"]] = Listed(parts["id"], quote(name.strip() + ".json"), modified)
    if not found:
        raise AdvisoriesRefused(f"{LIST} names no record.")
    return list(found.values())


async def _fetch(mirror: AdvisoryMirror, base: str, wanted: Sequence[Listed], told: Told) -> list[Advisory]:
    fetched: list[Advisory] = []
    gate, total = asyncio.Semaphore(_AT_ONCE), 0

    async def fetch(each: Listed) -> None:
        nonlocal total
        async with gate:
            content = await _ask(mirror, base + each.path, LARGEST_RECORD)
        total += len(content)
        if total > LARGEST_SUM:
            raise AdvisoriesRefused(
                f"What differs from the mirror's is more than {LARGEST_SUM:,} bytes.", advice=_BY_EXPORT
            )
        try:
            advisory = read_record(content)
        except RecordRefused as refusal:
            raise AdvisoriesRefused(f"{each.id}: {refusal}.") from refusal
        if advisory.id != each.id:
            raise AdvisoriesRefused(f"The mirror gave another record in the place of {each.id}.")
        fetched.append(advisory)
        told(len(fetched), len(wanted))

    try:
        async with asyncio.TaskGroup() as group:
            for each in wanted:
                group.create_task(fetch(each))
    except* (AdvisoriesRefused, MirrorUnavailable) as failed:
        raise failed.exceptions[0] from None
    return fetched


async def _bring(work: Work, source: str, listed: list[str], fetched: Sequence[Advisory]) -> Imported:
    await store.take_turn(work)
    before = {each.name: each for each in await looking.list_sources(work)}.get(source)
    taking = Taking(work)
    await taking.take([(advisory, digest_of(advisory)) for advisory in fetched])
    await store.join_origins(work, source, listed)
    records = await store.count_of_source(work, source)
    dates = [moment for moment in (taking.dated, before.dated if before else None) if moment is not None]
    return await finish(taking, source, records, [], max(dates, default=None))


async def _ask(mirror: AdvisoryMirror, address: str, most: int) -> bytes:
    try:
        return await mirror.read(address, most)
    except MirrorFailed as failed:
        raise MirrorUnavailable(f"{address}: {failed}.") from failed


def _moment(text: str, line: int) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise AdvisoriesRefused(f"{LIST}, line {line}: expected TIME,ID.") from error
