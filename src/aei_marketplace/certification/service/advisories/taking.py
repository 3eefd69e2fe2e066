"""Bringing records into the database, within one work."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from aei_inspection.advisories.records import Advisory
from aei_marketplace.certification.rules.advisories import replaces
from aei_marketplace.certification.store.advisories import taking as store
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work

_ONE_DAY = timedelta(days=1)


@dataclass
class Taking:
    """One bringing of advisories.

    Attributes:
        change: under which the packages inside releases are noted that it concerns.
        seen: ids of all records that came, in order.
        written: ids of those that were new or changed.
        dated: when the newest was written, of those that do not claim to be from the future.
        known: what the database holds by now under the ids that came: modified and digest.
    """

    work: Work
    change: UUID = field(default_factory=new_id)
    seen: dict[str, None] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    dated: datetime | None = None
    known: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)

    async def take(self, batch: Sequence[tuple[Advisory, bytes]]) -> None:
        """Write what is new or newer among records; of two with one id in an export, the newer stays."""
        ids = [advisory.id for advisory, _ in batch if advisory.id not in self.known]
        self.known |= await store.known_versions_of(self.work, ids)
        new: dict[str, tuple[Advisory, bytes]] = {}
        old: set[str] = set()
        for advisory, digest in batch:
            self.seen[advisory.id] = None
            self._date(advisory.dated)
            there = self.known.get(advisory.id)
            if replaces(advisory.modified, digest, there):
                if there is not None and advisory.id not in new:
                    old.add(advisory.id)
                new[advisory.id] = advisory, digest
                self.known[advisory.id] = advisory.modified, digest
        await self.forget(sorted(old))
        await store.add_advisories(self.work, new.values())
        await store.note_concerned(self.work, self.change, sorted(new))
        self.written |= new.keys()

    async def forget(self, ids: list[str]) -> None:
        """Take advisories away, and note what they concerned."""
        if ids:
            await store.note_concerned(self.work, self.change, ids)
            await store.forget_advisories(self.work, ids)

    def _date(self, dated: datetime | None) -> None:
        """A date of the future would make every later export look old."""
        if (
            dated is not None
            and dated <= self.work.now + _ONE_DAY
            and (self.dated is None or dated > self.dated)
        ):
            self.dated = dated
