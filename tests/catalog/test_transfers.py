"""Handing a namespace over: offered by one side, accepted by the other, nothing of the old rights left."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from aei_inspection.signatures import PrivateKey, sign_package
from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.errors import NoSuchTenant
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import jobs
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import (
    NamespaceForeign,
    NoSuchNamespace,
    NoSuchTransfer,
    NotInNamespace,
    NotYourPlugin,
    PluginNotFound,
    TooManyOffers,
    TransferEnded,
    TransferOffered,
    TransferToOneself,
)
from aei_marketplace.catalog.events import NamespaceTransferred
from aei_marketplace.catalog.rules.membership import MOST_OFFERS, OFFER_LASTS, OFFERS_WITHIN
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.service import (
    NamespaceRole,
    ReleaseState,
    Submission,
    Transfer,
    TransferState,
    Workflow,
)
from aei_marketplace.ground.actor import Actor, OutOfReach, ProofNeeded
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotAllowed, NotSignedIn
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from tests.builders import Tenant, make_tenant
from tests.clocks import Time
from tests.packages import make_package
from tests.publishing import publish, publish_listed
from tests.serving import Client

ISSUER = "https://issuer.example"


async def do(deps: Deps, actor: Actor, step: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """One step of one actor in a work of its own."""
    async with deps.works.begin(actor) as work:
        return await step(work, *args)


async def offer(deps: Deps, actor: Actor, name: str = "acme", to: str = "globex") -> Transfer:
    made: Transfer = await do(deps, actor, catalog.offer_namespace, name, to)
    return made


async def accept(deps: Deps, actor: Actor, name: str = "acme") -> Transfer:
    """Accept, and do the job that follows."""
    transfer: Transfer = await do(deps, actor, catalog.accept_namespace, name)
    event = NamespaceTransferred(transfer.id, name, transfer.from_tenant, transfer.to_tenant)
    for _ in range(2):  # a job can run twice
        await jobs.leave_to_successor(deps, event, "trace")
    return transfer


async def rows(urls: DatabaseUrls, query: str, *args: Any) -> list[tuple[Any, ...]]:
    owner = await asyncpg.connect(urls.owner)
    try:
        return [tuple(row) for row in await owner.fetch(query, *args)]
    finally:
        await owner.close()


@pytest.fixture
async def offered(deps: Deps, acme: Tenant, globex: Tenant) -> Transfer:
    """acme's namespace with a public and a private plugin, offered to globex."""
    await publish_listed(deps, acme.manager)
    await publish_listed(deps, acme.manager, {"id": "acme.hidden"}, visibility="private", audience=["globex"])
    return await offer(deps, acme.admin)


async def test_with_a_namespace_go_its_plugins_and_the_right_to_publish_them(
    deps: Deps, acme: Tenant, globex: Tenant, offered: Transfer
) -> None:
    assert (offered.state, offered.from_slug, offered.to_slug) == (TransferState.OFFERED, "acme", "globex")
    assert (await accept(deps, globex.manager)).state is TransferState.ACCEPTED
    plugin = await do(deps, globex.viewer, catalog.find_plugin, "acme.echo")
    assert (plugin.owner_tenant, plugin.publisher_name) == (globex.id, "Globex")
    await publish(deps, globex.manager, {"version": "2.0.0"})
    await do(deps, globex.manager, catalog.change_state, "acme.echo", "1.0.0", ReleaseState.YANKED, "wrong")
    with pytest.raises(NamespaceForeign):
        await publish(deps, acme.admin, {"version": "3.0.0"})
    with pytest.raises(NotYourPlugin):
        await do(deps, acme.admin, catalog.change_state, "acme.echo", "1.0.0", ReleaseState.LISTED)
    assert [n.name for n in await do(deps, acme.admin, catalog.list_namespaces)] == []
    assert [n.name for n in await do(deps, globex.admin, catalog.list_namespaces)] == ["acme"]


async def test_a_private_plugin_stays_private_and_its_former_owner_goes_on_seeing_it(
    deps: Deps, acme: Tenant, globex: Tenant, offered: Transfer, works: Works
) -> None:
    await accept(deps, globex.manager)
    for tenant in (acme, globex):
        plugin = await do(deps, tenant.viewer, catalog.find_plugin, "acme.hidden")
        assert (plugin.visibility, plugin.owner_tenant) == ("private", globex.id)
    await publish(deps, globex.manager, {"id": "acme.hidden", "version": "2.0.0"}, audience=[])
    with pytest.raises(PluginNotFound):
        await do(deps, acme.viewer, catalog.find_plugin, "acme.hidden")


async def test_members_workflows_and_tokens_end_with_a_transfer_and_no_others_do(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    await do(deps, acme.admin, catalog.name_member, "acme", acme.manager.id, NamespaceRole.OWNER)
    for plugin in ("acme.echo", "acme-labs.echo"):
        workflow = Workflow(ISSUER, plugin, "release.yml")
        await do(deps, acme.admin, catalog.trust_workflow, frozenset([ISSUER]), plugin, workflow)
    scopes = (
        "plugin.publish:acme.*",
        "plugin.publish:acme.echo",
        "plugin.publish:acme-labs.*",
        "plugin.publish",
    )
    secrets = {}
    for scope in scopes:
        async with deps.works.begin(acme.manager) as work:
            token = await accounts.issue_token(work, name=scope, scopes=[scope])
        secrets[scope] = token.secret or ""
    await offer(deps, acme.manager)
    await accept(deps, globex.manager)
    for scope in scopes[:2]:
        with pytest.raises(NotSignedIn):
            await accounts.authenticate(deps.works, secrets[scope], "trace")
    for scope in scopes[2:]:
        await accounts.authenticate(deps.works, secrets[scope], "trace")
    trusted = await do(deps, acme.admin, catalog.list_trusted)
    assert [t.plugin_id for t in trusted] == ["acme-labs.echo"]
    [namespace] = await do(deps, globex.manager, catalog.list_namespaces)
    assert (namespace.members_only, namespace.role) == (False, None)
    assert await rows(urls, "select user_id from namespace_members") == []


async def test_both_audit_logs_and_the_public_log_tell_of_it_once(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, offered: Transfer
) -> None:
    await accept(deps, globex.manager)
    told = await rows(
        urls,
        "select tenant_id, action, actor_id from audit_entries"
        " where resource_type = 'namespace' order by at, id",
    )
    assert told == [
        (acme.id, "namespace.claim", acme.manager.id),
        (acme.id, "namespace.offer", acme.admin.id),
        (globex.id, "namespace.accept", globex.manager.id),
        (acme.id, "namespace.hand_over", None),
    ]
    await catalog.sequence_releases(deps.works)
    leaves = await rows(
        urls, "select convert_from(content, 'UTF8') from release_log_leaves order by leaf_index"
    )
    assert [("transferred" in leaf, "acme.echo" in leaf) for (leaf,) in leaves] == [
        (False, True),
        (True, True),
    ]


async def test_what_was_signed_stays_signed_and_the_old_key_signs_nothing_new(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    key = PrivateKey.generate()
    await do(deps, acme.manager, catalog.add_signing_key, "laptop", key.public.pem())
    package = make_package()
    signature = sign_package("acme.echo", "1.0.0", hashlib.sha256(package).hexdigest(), key)
    submission = Submission(package, signature)
    release = await catalog.publish_release(deps, acme.manager, "trace", submission)
    await offer(deps, acme.admin)
    await accept(deps, globex.manager)
    await catalog.check_signed(
        deps, await do(deps, globex.viewer, catalog.find_release, "acme.echo", "1.0.0")
    )
    _, shown = await do(deps, globex.viewer, catalog.find_signature, "acme.echo", release.version)
    assert shown.id == key.public.id
    assert shown.revoked_at is not None


async def test_an_offer_takes_an_owner_with_a_fresh_proof_and_a_tenant_that_there_is(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    with pytest.raises(NotInNamespace):
        await offer(deps, acme.manager)
    with pytest.raises(ProofNeeded):
        await offer(deps, replace(acme.admin, session=uuid4()))
    with pytest.raises(OutOfReach):
        await offer(deps, replace(acme.admin, publishes=frozenset({"acme.*"})))
    with pytest.raises(NotAllowed):
        await offer(deps, acme.viewer)
    with pytest.raises(NoSuchTenant):
        await offer(deps, acme.admin, to="nobody")
    with pytest.raises(TransferToOneself):
        await offer(deps, acme.admin, to="acme")
    for name in ("acme", "nothing"):
        with pytest.raises(NoSuchNamespace):
            await offer(deps, globex.admin, name, "acme")
    await offer(deps, acme.admin)
    with pytest.raises(TransferOffered):
        await offer(deps, acme.admin)


async def test_a_tenant_offers_so_often_a_day_and_no_more(
    deps: Deps, acme: Tenant, globex: Tenant, time: Time
) -> None:
    await publish_listed(deps, acme.manager)
    for _ in range(MOST_OFFERS):
        await offer(deps, acme.admin)
        await do(deps, acme.admin, catalog.end_offer, "acme")
    with pytest.raises(TooManyOffers):
        await offer(deps, acme.admin)
    time.ahead = OFFERS_WITHIN
    await offer(deps, acme.admin)


async def test_search_shows_the_new_publisher_and_a_private_plugin_to_both_sides_alone(
    deps: Deps, acme: Tenant, globex: Tenant, offered: Transfer
) -> None:
    other = await make_tenant(deps.works, "umbrella")
    async with catalog.open_index(deps.works, fresh_seconds=0) as index:
        await accept(deps, globex.manager)
        for actor, expected in ((acme.viewer, 2), (globex.viewer, 2), (other.viewer, 1)):
            async with deps.works.begin(actor) as work:
                found = await catalog.search_plugins(index, work, Criteria(q="echo"), PageWanted())
            assert {p.publisher_name for p in found.page.items} == {"Globex"}
            assert found.page.total == expected


async def test_an_offer_is_accepted_by_whom_it_is_made_to_alone(
    deps: Deps, acme: Tenant, globex: Tenant, offered: Transfer
) -> None:
    for actor in (acme.admin, acme.manager):
        with pytest.raises(NoSuchTransfer):
            await accept(deps, actor)
    for weak in (globex.agent, globex.viewer):
        with pytest.raises(NotAllowed):
            await accept(deps, weak)
    with pytest.raises(ProofNeeded):
        await accept(deps, replace(globex.manager, session=uuid4()))
    with pytest.raises(NoSuchTransfer):
        await accept(deps, globex.manager, "globex")


async def test_an_offer_that_was_taken_back_declined_or_forgotten_is_not_accepted(
    deps: Deps, acme: Tenant, globex: Tenant, offered: Transfer, time: Time
) -> None:
    with pytest.raises(NotInNamespace):
        await do(deps, acme.manager, catalog.end_offer, "acme")
    for actor, state in ((acme.admin, TransferState.WITHDRAWN), (globex.manager, TransferState.DECLINED)):
        assert (await do(deps, actor, catalog.end_offer, "acme")).state is state
        for again in (catalog.accept_namespace, catalog.end_offer):
            with pytest.raises(TransferEnded):
                await do(deps, globex.manager, again, "acme")
        await offer(deps, acme.admin)
    time.ahead = OFFER_LASTS
    with pytest.raises(TransferEnded, match="not answered in time"):
        await accept(deps, globex.manager)
    await offer(deps, acme.admin)  # what has expired stands in nobody's way
    await accept(deps, globex.manager)


async def test_of_many_who_accept_or_end_an_offer_at_once_one_does(
    deps: Deps, acme: Tenant, globex: Tenant, offered: Transfer
) -> None:
    steps = [
        (globex.manager, catalog.accept_namespace),
        (globex.admin, catalog.accept_namespace),
        (acme.admin, catalog.end_offer),
        (globex.manager, catalog.end_offer),
    ]
    ends = await asyncio.gather(*(do(deps, a, step, "acme") for a, step in steps), return_exceptions=True)
    assert [isinstance(end, Transfer) for end in ends].count(True) == 1, ends
    assert [isinstance(end, TransferEnded | NotInNamespace | NoSuchNamespace) for end in ends].count(
        True
    ) == 3, ends


async def test_what_is_being_published_during_a_transfer_is_handed_over_or_refused_never_left_behind(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, offered: Transfer
) -> None:
    ends = await asyncio.gather(
        *(publish(deps, acme.manager, {"id": f"acme.tool{number}"}) for number in range(4)),
        accept(deps, globex.manager),
        return_exceptions=True,
    )
    assert isinstance(ends[-1], Transfer), ends
    assert all(
        not isinstance(e, BaseException) or isinstance(e, NamespaceForeign | NoSuchNamespace) for e in ends
    ), ends
    owners = await rows(
        urls,
        "select distinct p.owner_tenant, b.tenant_id from plugins p"
        " join publishers b on b.id = p.publisher_id",
    )
    assert owners == [(globex.id, globex.id)]


async def test_a_publish_that_has_stored_its_package_before_the_transfer_writes_nothing_after_it(
    deps: Deps, acme: Tenant, globex: Tenant, offered: Transfer
) -> None:
    class Overtaken:
        """A store in whose time the namespace changes hands."""

        async def put(self, sha256: str, content: bytes) -> None:
            await deps.blobs.put(sha256, content)
            if (await do(deps, globex.manager, catalog.list_transfers))[0].state is TransferState.OFFERED:
                await accept(deps, globex.manager)

    with pytest.raises(NamespaceForeign):
        await publish(replace(deps, blobs=Overtaken()), acme.manager, {"version": "2.0.0"})


async def test_a_release_keeps_who_released_it(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, offered: Transfer
) -> None:
    await accept(deps, globex.manager)
    await publish(deps, globex.manager, {"version": "2.0.0"})
    found = await rows(
        urls,
        "select r.version, b.tenant_id from releases r join publishers b on b.id = r.publisher_id"
        " where r.plugin_id = 'acme.echo' order by 1",
    )
    assert found == [("1.0.0", acme.id), ("2.0.0", globex.id)]


async def test_offers_are_hidden_from_third_parties_and_nobody_takes_what_was_not_offered(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, offered: Transfer
) -> None:
    [(taker,)] = await rows(urls, "select id from publishers where tenant_id = $1", acme.id)
    connection = await asyncpg.connect(urls.app)
    try:
        await act_in(connection, uuid4())
        assert await connection.fetchval("select count(*) from namespace_transfers") == 0
        assert await take(connection, offered.id, taker) is False
        await act_in(connection, acme.id)
        assert await take(connection, offered.id, taker) is False, "the offer is not to them"
        for state in ("accepted", "declined"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await end_by_hand(connection, state)
        await act_in(connection, globex.id)
        assert await connection.fetchval("select count(*) from namespace_transfers") == 1
        assert await take(connection, offered.id, taker) is False, "that publisher is another's"
        for state in ("accepted", "withdrawn"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await end_by_hand(connection, state)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "insert into namespace_transfers (id, namespace, from_tenant, to_tenant, from_slug, to_slug,"
                " state, offered_at, expires_at)"
                " values (gen_random_uuid(), 'acme', $1, $2, 'a', 'g', 'offered', now(), now() + '1 day')",
                acme.id,
                globex.id,
            )
    finally:
        await connection.close()


async def act_in(connection: asyncpg.Connection, tenant: UUID) -> None:
    await connection.execute("select set_config('aei.tenant', $1, false)", str(tenant))


async def take(connection: asyncpg.Connection, transfer: UUID, publisher: UUID) -> Any:
    return await connection.fetchval("select catalog_hand_over($1, $2, now())", transfer, publisher)


async def end_by_hand(connection: asyncpg.Connection, state: str) -> None:
    await connection.execute("update namespace_transfers set state = $1, ended_at = now()", state)


async def test_the_routes_offer_show_end_and_accept(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager)
    giver, taker, place = (
        acme.tokens["Admin"],
        globex.tokens["ProjectManager"],
        "/api/namespaces/acme/transfer",
    )
    made = await client.post(place, giver, json={"to": "globex"})
    assert (made.status, made.json["state"], made.json["from"], made.json["to"]) == (
        201, "offered", "acme", "globex",
    )  # fmt: skip
    for token in (giver, taker):
        assert (await client.get("/api/namespace-transfers", token)).json["items"] == [made.json]
    assert (await client.send("DELETE", place, taker)).json["state"] == "declined"
    refused = await client.post(f"{place}/accept", taker)
    assert (refused.status, refused.json["type"].rpartition("/")[2]) == (409, "transfer-ended")
    await client.post(place, giver, json={"to": "globex"})
    assert (await client.post(f"{place}/accept")).status == 401
    assert (await client.post(f"{place}/accept", globex.tokens["Viewer"])).status == 403
    assert (await client.post(f"{place}/accept", taker)).json["state"] == "accepted"
    assert (await client.post(f"{place}/accept", taker)).status == 409
    assert (await client.post(place, giver, json={"to": "globex"})).status == 404
    assert (await client.post(place, giver, json={"to": "globex", "now": True})).status == 422
