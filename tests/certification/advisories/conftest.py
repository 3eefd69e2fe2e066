"""A database of advisories, releases that contain packages, and the job that looks at them again."""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from aei_inspection.checks.report import Component
from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification.events.advisories import (
    AdvisoriesChanged,
    InventoryKept,
    ReleaseVulnerabilitiesChanged,
)
from aei_marketplace.certification.service import advisories
from aei_marketplace.certification.service.advisories import Imported
from aei_marketplace.ground.outbox import read_message
from aei_marketplace.ground.work import Works
from tests.builders import make_tenant

Contained = Callable[[str, Sequence[Component]], Awaitable[UUID]]


def nobody(_done: int, _total: int) -> None:
    """Told of progress, and says nothing."""


def component(name: str, version: str, ecosystem: str = "PyPI") -> Component:
    """A package inside of a plugin."""
    return Component(ecosystem, name, version, "embedded")


@dataclass
class Advisories:
    """Imports records as an operator does, and works off what follows.

    Attributes:
        told: what was said about releases, in order: (version's plugin, appeared, cleared).
        kept: releases whose contents were said to be kept.
    """

    works: Works
    folder: Path
    told: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    kept: list[UUID] = field(default_factory=list)

    async def bring(self, *documents: dict[str, Any], source: str = "test", force: bool = False) -> Imported:
        """Import records."""
        path = self.folder / "records.jsonl"
        path.write_text("\n".join(map(json.dumps, documents)), "utf-8")
        return await advisories.import_export(self.works, path, source, nobody, even_if_older=force)

    async def follow(self) -> None:
        """Do what the job process does after an import."""
        for kind, payload in await self._take_jobs():
            if kind == AdvisoriesChanged.kind:
                event, trace = read_message(payload, AdvisoriesChanged)
                await advisories.recheck_releases(self.works, event.change_id, trace)
                await advisories.recheck_releases(self.works, event.change_id, trace)  # jobs may run twice
            self._hear(kind, payload)
        for kind, payload in await self._take_jobs():
            self._hear(kind, payload)

    def _hear(self, kind: str, payload: bytes) -> None:
        if kind == ReleaseVulnerabilitiesChanged.kind:
            said, _ = read_message(payload, ReleaseVulnerabilitiesChanged)
            self.told.append((said.plugin_id, said.appeared, said.cleared))
        elif kind == InventoryKept.kind:
            self.kept.append(read_message(payload, InventoryKept)[0].release_id)

    async def standing(self, plugin_id: str) -> dict[str, tuple[str, ...]]:
        """What stands against a plugin: advisory → fixed versions."""
        async with self.works.system("tests") as work:
            found = await advisories.list_vulnerabilities(work, plugin_id)
        return {each.advisory_id: each.fixed for each in found.items}

    async def ids(self) -> set[str]:
        """Every advisory that is here."""
        async with self.works.system("tests") as work:
            return set((await work.run(text("select id from package_advisories"))).scalars())

    async def _take_jobs(self) -> list[tuple[str, bytes]]:
        async with self.works.system("tests") as work:
            rows = await work.run(text("delete from pgqueuer returning id, entrypoint, payload"))
            return [(row.entrypoint, bytes(row.payload)) for row in sorted(rows)]


async def keep(works: Works, release_id: UUID, components: Sequence[Component]) -> None:
    """Keep what a release contains, as after its scan."""
    compared = await advisories.compare_packages(works, components)
    assert compared.matches is not None
    async with works.system("tests") as work:
        await advisories.keep_packages(work, release_id, components, compared.matches)


@pytest.fixture
def database(works: Works, tmp_path: Path) -> Advisories:
    return Advisories(works, tmp_path)


@pytest.fixture
async def contained(works: Works) -> Contained:
    """Makes a listed plugin, and keeps what its release contains."""
    tenant = await make_tenant(works, "makers")

    async def make(name: str, components: Sequence[Component]) -> UUID:
        await catalog.load_listings(
            works, tenant.id, ["name\tsummary", f"{name}\tA plugin"], 1, lambda _: None
        )
        async with works.system("tests") as work:
            release = await catalog.find_release(work, f"catalogue.{name}")
        await keep(works, release.release_id, components)
        return release.release_id

    return make
