"""What an empty marketplace is filled with: three demo tenants with two collections, or an invitation.

Run as `python -m aei_marketplace.seed`, it prints one JSON object: the demo's tokens by name, or as
`invitation` the path of a one-time link. A second run of the demo changes nothing and prints the same
tokens; those that have expired or were revoked are issued anew. Without the demo there is an invitation
as long as nobody operates the marketplace, and each run makes another one.
"""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.errors import NoSuchTenant, NoSuchUser
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.collections import service as collections
from aei_marketplace.collections.service import Content, Kind, State
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.errors import NotSignedIn
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.settings import Settings, load_settings
from aei_marketplace.wiring import database_urls

TENANTS = {"acme": "Acme Robotics", "globex": "Globex", "studio": "Studio"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the demo.

    Attributes:
        token: under which name their token is handed out.
        tenant: where they belong; None for staff.
    """

    token: str
    name: str
    role: str
    tenant: str | None

    @property
    def email(self) -> str:
        """`admin@acme.example`."""
        return f"{self.token.replace('_', '-')}@{self.tenant or 'operator'}.example"


PEOPLE = (
    Person("admin", "Ada Admin", "Admin", "acme"),
    Person("project_manager", "Pat Manager", "ProjectManager", "acme"),
    Person("agent", "Alex Agent", "Agent", "acme"),
    Person("viewer", "Vera Viewer", "Viewer", "acme"),
    Person("globex_admin", "Gil Admin", "Admin", "globex"),
    Person("publisher", "Stu Publisher", "ProjectManager", "studio"),
    Person("operator", "Olga Operator", "Operator", None),
    Person("finance", "Fay Finance", "Finance", None),
)
#: What the first page of a demo shows; the examples are published after the seed.
COLLECTIONS = (
    (
        Kind.STAFF_PICKS,
        Content(
            "Staff picks",
            "Small plugins that do one thing well, chosen for this week.",
            ("studio.langid", "studio.summarise", "studio.secretscan"),
        ),
    ),
    (
        Kind.CURATED,
        Content(
            "Work with text",
            "Find out what a text is, shorten it, and check where its links lead.",
            ("studio.summarise", "studio.langid", "studio.linkcheck"),
        ),
    ),
)
#: Under which name the link is handed out.
INVITATION = "invitation"


async def seed(works: Works, people: tuple[Person, ...], kept: Path) -> dict[str, str]:
    """Make the people and collections that are missing, and give each person a valid token.

    Args:
        kept: the file that remembers the tokens between runs, 0600.

    Returns:
        Tokens by name.
    """
    known = _read(kept)
    tokens = {person.token: await _token(works, person, known.get(person.token)) for person in people}
    if tokens != known:
        _write(kept, tokens)
    await _curate(works)
    return tokens


async def invite_first_operator(works: Works) -> dict[str, str]:
    """Invite the first operator, as long as there is none; the link that was printed before stops working.

    Returns:
        The link's path as `invitation`, or nothing.
    """
    async with works.system("seed") as work:
        invitation = await accounts.invite_first_operator(work)
    return {} if invitation is None else {INVITATION: invitation.path}


async def _curate(works: Works) -> None:
    """Publish the demo's collections, unless somebody has made any."""
    async with works.system("seed") as work:
        if (await collections.list_collections(work, frozenset(State), PageWanted(1))).total:
            return
        for kind, content in COLLECTIONS:
            made = await collections.create_collection(work, content, kind, ahead=True)
            await collections.change_collection(
                work, made.id, lambda present: replace(present, state=State.PUBLISHED)
            )


async def _token(works: Works, person: Person, known: str | None) -> str:
    if known is not None and await _still_valid(works, known):
        return known
    async with works.system("seed") as work:
        tenant = await _tenant(work, person.tenant) if person.tenant else None
        try:
            user = await accounts.find_user(work, person.email)
        except NoSuchUser:
            user = await accounts.create_user(work, name=person.name, email=person.email)
        if tenant:
            await accounts.add_member(work, user, person.role, tenant)
        else:
            await accounts.add_staff(work, user, person.role)
        token = await accounts.issue_token(work, name="demo", owner=user, tenant=tenant)
    assert token.secret is not None
    return token.secret


async def _tenant(work: Work, slug: str) -> UUID:
    try:
        return await accounts.find_tenant(work, slug)
    except NoSuchTenant:
        return await accounts.create_tenant(work, slug, TENANTS[slug])


async def _still_valid(works: Works, token: str) -> bool:
    try:
        await accounts.authenticate(works, token, "seed")
    except NotSignedIn:
        return False
    return True


def _read(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def _write(path: Path, tokens: Mapping[str, str]) -> None:
    half = path.with_suffix(".partial")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(tokens, file, indent=2)
    half.rename(path)


async def seed_from(settings: Settings) -> dict[str, str]:
    """Seed the marketplace that these settings describe.

    Returns:
        Tokens by name, or the path of a link as `invitation`.
    """
    urls = database_urls(settings)
    async with open_database(urls.app, urls.system, size=2) as database:
        works = Works(database, PostgresQueue())
        await accounts.write_builtin_roles(works)
        if settings.seed == "none":
            return await invite_first_operator(works)
        return await seed(works, PEOPLE, settings.keys / "seed-demo.json")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(seed_from(load_settings()))))
