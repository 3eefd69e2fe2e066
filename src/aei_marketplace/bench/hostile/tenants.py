"""The tenants of the experiment, made as the operator's commands make them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.bench.hostile.canaries import Canary, hatch
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.settings import load_settings
from aei_marketplace.wiring import database_urls


@dataclass(frozen=True)
class Tenant:
    """A tenant with its Admin's token.

    Attributes:
        name: its short name, which its canaries bear.
        canaries: one for each channel.
    """

    name: str
    id: str
    token: str = field(repr=False)
    canaries: Mapping[str, Canary]


async def make_tenants(data: Path, count: int) -> list[Tenant]:
    """Make tenants in the marketplace of a data folder, each with an Admin and fresh canaries."""
    urls = database_urls(load_settings({"data": data}))
    async with open_database(urls.app, urls.system, size=2) as database:
        works = Works(database, PostgresQueue())
        async with works.system("bench") as work:
            return [await _make(work, f"tenant-{number}") for number in range(count)]


async def _make(work: Work, name: str) -> Tenant:
    tenant = await accounts.create_tenant(work, name, name.title())
    user = await accounts.create_user(work, name=f"Admin of {name}", email=f"admin@{name}.example")
    await accounts.add_member(work, user, "Admin", tenant)
    token = await accounts.issue_token(work, name="experiment", owner=user, tenant=tenant)
    assert token.secret is not None
    return Tenant(name, str(tenant), token.secret, hatch(name))
