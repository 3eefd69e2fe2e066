"""People who sign in, and where they come from."""

from dataclasses import replace
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy import text

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import NoSuchTenant
from aei_marketplace.accounts.service import SignedIn
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.ground.work import Works

PASSWORD = "correct horse battery"
ORIGIN = "https://market.example"
#: A hash says itself what checking it costs; this one next to nothing, for people sign in often here.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
_SET_HASH = text("update users set password_hash = :hash where id = :person")
VISIT = Visit(ORIGIN, True, "192.0.2.7", "a browser", "0" * 32)


async def make_person(works: Works, email: str, *tenants: str, role: str = "Admin", staff: str = "") -> UUID:
    """Somebody with a password, a member of these tenants, perhaps of the staff."""
    async with works.system("tests") as work:
        person = await service.create_user(work, name=email.split("@")[0], email=email)
        await work.run(_SET_HASH, {"person": person, "hash": _HASH})
        for slug in tenants:
            try:
                tenant = await service.find_tenant(work, slug)
            except NoSuchTenant:
                tenant = await service.create_tenant(work, slug, slug.title())
            await service.add_member(work, person, role, tenant)
        if staff:
            await service.add_staff(work, person, staff)
    return person


async def enter(deps: Deps, email: str, tenant: str | None = None) -> SignedIn:
    """Sign in with the password."""
    entry = await service.sign_in_with_password(deps, VISIT, email, PASSWORD, tenant)
    assert isinstance(entry, SignedIn)
    return entry


def browser_of(entry: SignedIn) -> Visit:
    """The next request of the browser that holds a session."""
    return replace(VISIT, session=entry.secret)
