"""Members of namespaces: who may publish where, and who says so."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from aei_inspection.signatures import PrivateKey
from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import (
    FirstMemberOwns,
    LastOwner,
    NamespaceForeign,
    NoSuchNamespace,
    NoSuchNamespaceMember,
    NotInNamespace,
)
from aei_marketplace.catalog.rules.verification import Method
from aei_marketplace.catalog.service import NamespaceRole, ReleaseState, Workflow
from aei_marketplace.ground.actor import Actor, OutOfReach, ProofNeeded
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.work import Work
from tests.builders import Tenant
from tests.publishing import publish, publish_listed
from tests.serving import Client

OWNER, MAINTAINER = NamespaceRole.OWNER, NamespaceRole.MAINTAINER
ISSUER = "https://issuer.example"


async def do(deps: Deps, actor: Actor, step: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """One step of one actor in a work of its own."""
    async with deps.works.begin(actor) as work:
        return await step(work, *args)


async def name(deps: Deps, actor: Actor, user: Actor, role: NamespaceRole = MAINTAINER) -> None:
    await do(deps, actor, catalog.name_member, "acme", user.id, role)


@pytest.fixture
async def ada(deps: Deps, acme: Tenant) -> Actor:
    """Somebody else who publishes for acme."""
    async with deps.works.system("tests") as work:
        user = await accounts.create_user(work, name="Ada", email="ada@acme.example")
        await accounts.add_member(work, user, "ProjectManager", acme.id)
    return await accounts.actor_for(deps.works, user, acme.id)


@pytest.fixture
async def owned(deps: Deps, acme: Tenant) -> Tenant:
    """acme, whose namespace is its manager's."""
    await publish_listed(deps, acme.manager)
    await name(deps, acme.admin, acme.manager, OWNER)
    return acme


async def test_a_namespace_without_members_is_for_all_who_publish_for_its_tenant(
    deps: Deps, acme: Tenant, ada: Actor
) -> None:
    await publish_listed(deps, acme.manager)
    await publish(deps, ada, {"version": "2.0.0"})
    await do(deps, ada, catalog.change_state, "acme.echo", "1.0.0", ReleaseState.YANKED, "it is wrong")
    with pytest.raises(NotInNamespace):
        await name(deps, ada, ada, OWNER)


async def publish_more(work: Work, deps: Deps) -> None:
    await publish(deps, work.actor, {"version": "3.0.0"})


STEPS: dict[str, Callable[[Work], Awaitable[Any]]] = {
    "yank": lambda work: catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.YANKED, "wrong"),
    "roll out": lambda work: catalog.change_rollout(work, "acme.echo", "1.0.0", 10),
    "begin a rollout": lambda work: catalog.change_rollout_start(work, "acme.echo", 10),
    "ask for a name": lambda work: catalog.ask_for_name(work, "acme.other", "ours"),
}
DELEGATIONS: dict[str, Callable[[Work], Awaitable[Any]]] = {
    "trust a workflow": lambda work: catalog.trust_workflow(
        work, frozenset([ISSUER]), "acme.echo", Workflow(ISSUER, "acme/echo", "release.yml")
    ),
    "register a key": lambda work: catalog.add_signing_key(work, "k", PrivateKey.generate().public.pem()),
    "revoke a key": lambda work: catalog.revoke_signing_key(work, "0" * 64),
    "require signatures": lambda work: catalog.require_signatures(work, required=True),
    "prove a domain": lambda work: catalog.prove_domain(work, "acme.example", Method.DNS),
    "forget a domain": lambda work: catalog.forget_domain(work, uuid4()),
}
ADMINISTRATION: dict[str, Callable[[Work], Awaitable[Any]]] = {
    "name somebody": lambda work: catalog.name_member(work, "acme", work.actor.id or uuid4(), MAINTAINER),
    "open it": lambda work: catalog.open_namespace(work, "acme"),
    "offer it": lambda work: catalog.offer_namespace(work, "acme", "globex"),
}


@pytest.mark.parametrize("step", [*STEPS, *DELEGATIONS, *ADMINISTRATION])
async def test_who_is_no_member_does_nothing_in_a_namespace_that_has_some(
    deps: Deps, owned: Tenant, ada: Actor, step: str
) -> None:
    with pytest.raises(NotInNamespace):
        await do(deps, ada, (STEPS | DELEGATIONS | ADMINISTRATION)[step])


async def test_who_is_no_member_publishes_nothing_there_and_still_begins_a_namespace_of_another_name(
    deps: Deps, owned: Tenant, ada: Actor
) -> None:
    with pytest.raises(NotInNamespace):
        await publish(deps, ada, {"version": "2.0.0"})
    with pytest.raises(NotInNamespace):
        await publish(deps, ada, {"id": "acme.other"})
    await publish(deps, ada, {"id": "umbrella.other"})


async def test_a_maintainer_publishes_and_looks_after_releases_and_nothing_more(
    deps: Deps, owned: Tenant, ada: Actor
) -> None:
    await name(deps, owned.manager, ada)
    await publish(deps, ada, {"version": "2.0.0"})
    for step in ("yank", "roll out", "begin a rollout"):
        await do(deps, ada, STEPS[step])
    for step, forbidden in (DELEGATIONS | ADMINISTRATION).items():
        with pytest.raises(NotInNamespace):
            await do(deps, ada, forbidden)
            pytest.fail(step)


async def test_an_owner_delegates_and_administers_and_so_does_an_administrator_who_is_no_member(
    deps: Deps, owned: Tenant, ada: Actor
) -> None:
    await do(deps, owned.manager, DELEGATIONS["trust a workflow"])
    await do(deps, owned.manager, DELEGATIONS["prove a domain"])
    await name(deps, owned.manager, ada, OWNER)
    await do(deps, ada, catalog.remove_namespace_member, "acme", owned.manager.id)
    await publish(deps, owned.admin, {"version": "2.0.0"})
    await do(deps, owned.admin, catalog.open_namespace, "acme")
    await publish(deps, owned.manager, {"version": "3.0.0"})


async def test_a_standing_that_was_lost_while_a_package_was_stored_publishes_nothing(
    deps: Deps, owned: Tenant, ada: Actor
) -> None:
    await name(deps, owned.manager, ada)

    class Losing:
        """A store in whose time the publisher is taken out of the namespace."""

        async def put(self, sha256: str, content: bytes) -> None:
            await deps.blobs.put(sha256, content)
            members, _ = await do(deps, owned.manager, catalog.list_namespace_members, "acme")
            if ada.id in {member.user_id for member in members}:
                await do(deps, owned.manager, catalog.remove_namespace_member, "acme", ada.id)

    with pytest.raises(NotInNamespace):
        await publish(replace(deps, blobs=Losing()), ada, {"version": "2.0.0"})


async def test_everybody_may_leave_but_the_last_owner(deps: Deps, owned: Tenant, ada: Actor) -> None:
    await name(deps, owned.manager, ada)
    await do(deps, ada, catalog.remove_namespace_member, "acme", ada.id)
    for actor in (owned.manager, owned.admin):
        with pytest.raises(LastOwner):
            await do(deps, actor, catalog.remove_namespace_member, "acme", owned.manager.id)
        with pytest.raises(LastOwner):
            await name(deps, actor, owned.manager, MAINTAINER)


async def test_of_two_owners_who_leave_at_once_one_stays(deps: Deps, owned: Tenant, ada: Actor) -> None:
    await name(deps, owned.manager, ada, OWNER)
    ends = await asyncio.gather(
        *(do(deps, a, catalog.remove_namespace_member, "acme", a.id) for a in (ada, owned.manager)),
        return_exceptions=True,
    )
    assert sorted(type(end).__name__ for end in ends) == ["LastOwner", "NoneType"]


async def test_whoever_leaves_the_tenant_leaves_its_namespaces_and_they_do_not_open_for_that(
    deps: Deps, owned: Tenant, ada: Actor
) -> None:
    async with deps.works.begin(owned.admin) as work:
        await accounts.change_member(work, owned.manager.id, ["Agent"])
    members, names = await do(deps, ada, catalog.list_namespace_members, "acme")
    assert [(m.user_id, m.role, names[m.user_id]) for m in members] == [
        (owned.manager.id, OWNER, "acme ProjectManager")
    ]
    async with deps.works.begin(owned.admin) as work:
        await accounts.remove_member(work, owned.manager.id)
    assert (await do(deps, ada, catalog.list_namespace_members, "acme"))[0] == []
    with pytest.raises(NotInNamespace):
        await publish(deps, ada, {"version": "2.0.0"})
    await publish(deps, owned.admin, {"version": "2.0.0"})


async def test_a_member_is_named_from_the_own_tenant_in_the_own_namespace_and_an_owner_first(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    with pytest.raises(FirstMemberOwns):
        await name(deps, acme.admin, acme.manager)
    with pytest.raises(NoSuchNamespaceMember):
        await name(deps, acme.admin, globex.manager, OWNER)
    for stranger in (globex.admin, globex.manager):
        with pytest.raises(NoSuchNamespace):
            await name(deps, stranger, stranger, OWNER)
        with pytest.raises(NoSuchNamespace):
            await do(deps, stranger, catalog.list_namespace_members, "acme")
        with pytest.raises(NamespaceForeign):
            await publish(deps, stranger, {"version": "2.0.0"})
    for weak in (acme.agent, acme.viewer):
        with pytest.raises(NotAllowed):
            await name(deps, weak, weak, OWNER)


async def test_a_limited_token_and_an_old_proof_name_nobody(deps: Deps, owned: Tenant) -> None:
    limited = replace(owned.admin, publishes=frozenset({"acme.*"}))
    with pytest.raises(OutOfReach):
        await name(deps, limited, owned.viewer)
    with pytest.raises(ProofNeeded):
        await name(deps, replace(owned.admin, session=uuid4()), owned.viewer)


async def test_members_are_hidden_from_other_tenants_and_written_by_none(
    deps: Deps, urls: DatabaseUrls, owned: Tenant, globex: Tenant
) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        await connection.execute("select set_config('aei.tenant', $1, false)", str(globex.id))
        assert await connection.fetchval("select count(*) from namespace_members") == 0
        for forged in (globex.id, owned.id):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await add_by_hand(connection, globex.admin.id, forged)
        assert await connection.execute("delete from namespace_members") == "DELETE 0"
        assert await connection.execute("update namespaces set members_only = false") == "UPDATE 0"
        await connection.execute("select set_config('aei.tenant', $1, false)", str(owned.id))
        assert await connection.fetchval("select count(*) from namespace_members") == 1
    finally:
        await connection.close()


async def add_by_hand(connection: asyncpg.Connection, user: UUID | None, tenant: UUID) -> None:
    await connection.execute(
        "insert into namespace_members (namespace, user_id, tenant_id, role, named_at)"
        " values ('acme', $1, $2, 'owner', now())",
        user,
        tenant,
    )


async def test_the_routes_show_namespaces_and_name_and_remove_members(
    client: Client, owned: Tenant, globex: Tenant, ada: Actor
) -> None:
    admin, stranger = owned.tokens["Admin"], globex.tokens["Admin"]
    [shown] = (await client.get("/api/namespaces", owned.tokens["ProjectManager"])).json["items"]
    assert (shown["name"], shown["members_only"], shown["role"], shown["plugins"]) == (
        "acme",
        True,
        "owner",
        1,
    )
    assert (await client.get("/api/namespaces/acme", admin)).json["role"] is None
    assert (await client.get("/api/namespaces/acme", stranger)).status == 404
    place = "/api/namespaces/acme/members"
    wanted = {"email": "ada@acme.example", "role": "maintainer"}
    assert (await client.post(place, admin, json=wanted)).status == 201
    for wrong in ({"role": "owner"}, {**wanted, "user_id": str(ada.id)}, {**wanted, "role": "reader"}):
        assert (await client.post(place, admin, json=wrong)).status == 422
    unknown = {"email": "nobody@acme.example", "role": "owner"}
    assert (await client.post(place, admin, json=unknown)).status == 404
    members = (await client.get(place, owned.tokens["ProjectManager"])).json["items"]
    assert [(m["name"], m["role"]) for m in members] == [
        ("acme ProjectManager", "owner"),
        ("Ada", "maintainer"),
    ]
    assert (await client.send("DELETE", f"{place}/{ada.id}", stranger)).status == 404
    assert (await client.send("DELETE", f"{place}/{ada.id}", admin)).status == 204
    refused = await client.send("DELETE", f"{place}/{owned.manager.id}", admin)
    assert (refused.status, refused.json["type"].rpartition("/")[2]) == (409, "last-owner")
    assert (await client.send("DELETE", place, admin)).status == 204
    assert (await client.get(place, admin)).json["total"] == 0
