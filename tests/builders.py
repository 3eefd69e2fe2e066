"""Tenants, people and tokens for tests, made as the marketplace makes them."""

from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.rules import STAFF_ROLES, TENANT_ROLES
from aei_marketplace.audit.service import sequence_pending
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.work import Works


@dataclass
class Tenant:
    """A tenant with one member and one token for each role.

    Attributes:
        actors, tokens: by role, for example `tenant.actors["Admin"]`.
    """

    id: UUID
    slug: str
    actors: dict[str, Actor] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def admin(self) -> Actor:
        return self.actors["Admin"]

    @property
    def manager(self) -> Actor:
        return self.actors["ProjectManager"]

    @property
    def agent(self) -> Actor:
        return self.actors["Agent"]

    @property
    def viewer(self) -> Actor:
        return self.actors["Viewer"]


async def make_tenant(works: Works, slug: str) -> Tenant:
    """A tenant with a member for each built-in role."""
    async with works.system("tests") as work:
        tenant = Tenant(await accounts.create_tenant(work, slug, slug.title()), slug)
        people = {}
        for role in TENANT_ROLES:
            people[role] = await accounts.create_user(
                work, name=f"{slug} {role}", email=f"{role.lower()}@{slug}.example"
            )
            await accounts.add_member(work, people[role], role, tenant.id)
            token = await accounts.issue_token(work, name="test", owner=people[role], tenant=tenant.id)
            tenant.tokens[role] = token.secret or ""
    for role, user_id in people.items():
        tenant.actors[role] = await accounts.actor_for(works, user_id, tenant.id)
    return tenant


async def make_staff(works: Works, role: str = "Operator") -> tuple[Actor, str]:
    """A member of staff and their token."""
    assert role in STAFF_ROLES
    async with works.system("tests") as work:
        user_id = await accounts.create_user(work, name=role, email=f"{role.lower()}@operator.example")
        await accounts.add_staff(work, user_id, role)
        token = await accounts.issue_token(work, name="test", owner=user_id)
    return await accounts.actor_for(works, user_id, None), token.secret or ""


async def sequence_all(system_url: str) -> int:
    """Put every waiting audit entry into the tree, as the job process does; how many there were."""
    connection = await asyncpg.connect(system_url)
    try:
        done = 0
        while batch := await sequence_pending(connection, utc_now):
            done += batch
        return done
    finally:
        await connection.close()
