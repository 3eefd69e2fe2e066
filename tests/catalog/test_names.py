"""Names that were refused because they resemble others, and how staff give one all the same."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import (
    NameConfusable,
    NamespaceReserved,
    NamespaceTaken,
    NoSuchNameClaim,
    NothingRefused,
)
from aei_marketplace.catalog.rules.likeness import POPULAR_INSTALLS, skeleton
from aei_marketplace.catalog.service import NameClaim
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.errors import CaseSettled
from aei_marketplace.decisions.service import Case, Ruling
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed
from tests.builders import Tenant
from tests.publishing import prepare, publish, publish_listed
from tests.serving import Client

POPULAR = "initech.summarise"


@pytest.fixture
async def popular(deps: Deps, urls: DatabaseUrls, acme: Tenant) -> str:
    """A plugin of acme that many have installed."""
    await publish_listed(deps, acme.manager, {"id": POPULAR})
    await install_often(urls, POPULAR)
    return POPULAR


async def install_often(urls: DatabaseUrls, plugin_id: str) -> None:
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("update plugins set installs = $2 where id = $1", plugin_id, POPULAR_INSTALLS)
    await owner.close()


async def claim(deps: Deps, actor: Actor, name: str) -> None:
    async with deps.works.begin(actor) as work:
        await catalog.claim_namespace(work, name)


async def ask(deps: Deps, actor: Actor, name: str) -> NameClaim:
    async with deps.works.begin(actor) as work:
        return await catalog.ask_for_name(work, name, "It has been our name since 1999.")


async def decide(deps: Deps, actor: Actor, case_id: UUID, verdict: str) -> Case:
    async with deps.works.begin(actor) as work:
        return await catalog.NAME_DESK.decide(work, case_id, Ruling(verdict, "Looked at the register."))


@pytest.mark.parametrize(
    ("name", "likeness"),
    [("ini-tech", "separators"), ("lnitech", "look_alike"), ("initechs", "spelling")],
)
async def test_a_namespace_that_resembles_a_popular_one_is_refused_at_its_claim_and_its_first_publish(
    deps: Deps, globex: Tenant, popular: str, name: str, likeness: str
) -> None:
    with pytest.raises(NameConfusable) as at_claim:
        await claim(deps, globex.manager, name)
    with pytest.raises(NameConfusable) as at_publish:
        await publish(deps, globex.manager, {"id": f"{name}.tool"})
    for refused in (at_claim, at_publish):
        assert refused.value.extensions == {"likeness": likeness, "resembles": "initech", "name": name}


async def test_a_look_alike_of_any_public_namespace_is_refused_and_a_slip_only_of_a_popular_one(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager, {"id": POPULAR})
    with pytest.raises(NameConfusable):
        await claim(deps, globex.manager, "initec-h")
    await claim(deps, globex.manager, "initecs")


async def test_a_private_namespace_is_never_named_by_a_refusal(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    await publish_listed(deps, acme.manager, {"id": POPULAR}, visibility="private", audience=["globex"])
    await install_often(urls, POPULAR)
    await claim(deps, globex.manager, "ini-tech")


async def test_a_publisher_may_have_names_that_resemble_its_own(
    deps: Deps, acme: Tenant, popular: str
) -> None:
    await claim(deps, acme.manager, "ini-tech")
    await publish(deps, acme.manager, {"id": "initech.summarize"})


async def test_the_id_of_a_new_plugin_must_not_resemble_a_popular_one(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, acme: Tenant
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.summarise"})
    await claim(deps, globex.manager, "akme")
    await publish(
        deps, globex.manager, {"id": "akme.summarize", "version": "1.0.0"}
    )  # nobody knows the other
    await install_often(urls, "acme.summarise")
    await publish(deps, globex.manager, {"id": "akme.summarize", "version": "1.1.0"})  # not its first release
    with pytest.raises(NameConfusable) as refused:
        await publish(deps, globex.manager, {"id": "akme.summarise"})
    assert refused.value.extensions["resembles"] == "acme.summarise"
    owner = await asyncpg.connect(urls.owner)
    assert await owner.fetchval("select count(*) from plugins where id = 'akme.summarise'") == 0
    await owner.close()


async def test_what_was_private_is_held_against_others_when_it_becomes_public(
    deps: Deps, acme: Tenant, globex: Tenant, operator: tuple[Actor, str]
) -> None:
    """Nobody saw it when the other name was claimed, and it was there before."""
    mine = {"id": "lnitech.tool"}
    await publish_listed(deps, globex.manager, mine, visibility="private")
    await publish_listed(deps, acme.manager, {"id": POPULAR})
    more = {**mine, "version": "1.1.0"}
    await publish(deps, globex.manager, more)
    appearing = ({**mine, "version": "1.2.0"}, {"id": "lnitech.other"})
    for manifest in appearing:
        with pytest.raises(NameConfusable) as refused:
            await publish(deps, globex.manager, manifest, visibility="public")
        found = refused.value.extensions
        assert (found["name"], found["resembles"]) == ("lnitech", "initech")
    asked = await ask(deps, globex.manager, "lnitech")
    await decide(deps, operator[0], asked.case_id, "grant")
    for manifest in appearing:
        assert await publish_listed(deps, globex.manager, manifest, visibility="public")
    with pytest.raises(NothingRefused):
        await ask(deps, globex.manager, "lnitech")


async def test_of_two_that_look_alike_and_wait_together_the_second_is_held(
    deps: Deps, acme: Tenant, globex: Tenant, operator: tuple[Actor, str]
) -> None:
    theirs = await publish(deps, acme.manager, {"id": POPULAR})
    mine = await publish(deps, globex.manager, {"id": "lnitech.tool"})
    await asyncio.gather(prepare(deps, theirs), prepare(deps, mine))
    async with deps.works.system("tests") as work:
        first, second = [
            await catalog.find_release(work, release.plugin_id, release.version) for release in (theirs, mine)
        ]
    held, listed = (second, first) if second.state == "held" else (first, second)
    assert (held.state, listed.state) == ("held", "listed")
    assert listed.plugin_id.partition(".")[0] in (held.state_reason or "")
    owner = globex.manager if held is second else acme.manager
    with pytest.raises(NameConfusable):  # not one upload after the other, each of them held
        await publish(deps, owner, {"id": held.plugin_id, "version": "1.0.1"})
    asked = await ask(deps, owner, held.plugin_id.partition(".")[0])
    await decide(deps, operator[0], asked.case_id, "grant")
    assert (await publish_listed(deps, owner, {"id": held.plugin_id, "version": "1.1.0"})).state == "listed"


async def test_a_private_plugin_is_held_against_what_is_popular_when_it_becomes_public(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, operator: tuple[Actor, str]
) -> None:
    mine = {"id": "akme.summarise"}
    await publish_listed(deps, globex.manager, mine, visibility="private")
    await publish_listed(deps, globex.manager, {"id": "akme.other"})
    await publish_listed(deps, acme.manager, {"id": "acme.summarise"})
    await install_often(urls, "acme.summarise")
    again = {**mine, "version": "1.1.0"}
    with pytest.raises(NameConfusable) as refused:
        await publish(deps, globex.manager, again, visibility="public")
    assert refused.value.extensions["name"] == "akme.summarise"
    asked = await ask(deps, globex.manager, "akme.summarise")
    await decide(deps, operator[0], asked.case_id, "grant")
    assert (await publish(deps, globex.manager, again, visibility="public")).visibility == "public"


async def test_a_granted_namespace_is_the_publishers_with_the_decision(
    deps: Deps, globex: Tenant, popular: str, operator: tuple[Actor, str]
) -> None:
    asked = await ask(deps, globex.manager, "ini-tech")
    assert (asked.likeness, asked.resembles, asked.granted_at) == ("separators", "initech", None)
    with pytest.raises(NameConfusable):
        await claim(deps, globex.manager, "ini-tech")
    await decide(deps, operator[0], asked.case_id, "grant")
    await claim(deps, globex.manager, "ini-tech")
    assert (await publish(deps, globex.manager, {"id": "ini-tech.tool"})).plugin_id == "ini-tech.tool"


async def test_a_granted_plugin_is_published_and_no_other_of_that_kind(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, acme: Tenant, operator: tuple[Actor, str]
) -> None:
    await publish_listed(deps, acme.manager, {"id": "acme.summarise"})
    await install_often(urls, "acme.summarise")
    await claim(deps, globex.manager, "akme")
    asked = await ask(deps, globex.manager, "akme.summarise")
    await decide(deps, operator[0], asked.case_id, "grant")
    await publish(deps, globex.manager, {"id": "akme.summarise"})
    with pytest.raises(NameConfusable):
        await publish(deps, globex.manager, {"id": "akme.summarize"})


async def test_a_refused_wish_gives_nothing_and_is_appealed_once(
    deps: Deps, globex: Tenant, operator: tuple[Actor, str]
) -> None:
    asked = await ask(deps, globex.manager, "official")
    case = await decide(deps, operator[0], asked.case_id, "refuse")
    assert case.appealable_at(case.decided_at)  # type: ignore[arg-type]  # a decided case has the moment
    with pytest.raises(NamespaceReserved):
        await claim(deps, globex.manager, "official")
    with pytest.raises(CaseSettled):
        await decide(deps, operator[0], asked.case_id, "grant")
    async with deps.works.begin(globex.manager) as work:
        await decisions.record_appeal(work, catalog.NAME_DESK.kind, asked.case_id, "Look again.")


async def test_asking_twice_joins_the_case_that_waits(deps: Deps, globex: Tenant) -> None:
    first, second = [await ask(deps, globex.manager, "official") for _ in range(2)]
    assert first == second


async def test_of_two_publishers_who_are_granted_one_name_the_second_decision_fails_whole(
    deps: Deps, globex: Tenant, acme: Tenant, operator: tuple[Actor, str]
) -> None:
    cases = [(await ask(deps, tenant.manager, "official")).case_id for tenant in (globex, acme)]
    results = await asyncio.gather(
        *(decide(deps, operator[0], case_id, "grant") for case_id in cases), return_exceptions=True
    )
    assert sorted(type(result) for result in results if isinstance(result, Exception)) == [NamespaceTaken]
    async with deps.works.begin(operator[0]) as work:
        states = {(await decisions.find_case(work, case_id)).state for case_id in cases}
    assert states == {"decided", "waiting"}


async def test_what_is_free_owned_or_misspelt_cannot_be_asked_for(
    deps: Deps, acme: Tenant, globex: Tenant, popular: str
) -> None:
    refusals: dict[str, type[Exception]] = {
        "hooli": NothingRefused,
        "initech": NamespaceTaken,
        "Initech": Invalid,
        "a.b.c": Invalid,
        "../x": Invalid,
        "ini-tech.tool": NameConfusable,  # its namespace first
    }
    for name, refusal in refusals.items():
        with pytest.raises(refusal):
            await ask(deps, globex.manager, name)


@pytest.mark.parametrize("role", ["Agent", "Viewer"])
async def test_asking_needs_the_action_to_publish(deps: Deps, globex: Tenant, role: str) -> None:
    with pytest.raises(NotAllowed):
        await ask(deps, globex.actors[role], "official")


async def test_a_tenant_neither_decides_nor_sees_anothers_wish(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    asked = await ask(deps, globex.manager, "official")
    with pytest.raises(NotAllowed):
        await decide(deps, globex.admin, asked.case_id, "grant")
    async with deps.works.begin(acme.manager) as work:
        with pytest.raises(NoSuchNameClaim):
            await catalog.find_name_claim(work, asked.case_id)


async def test_the_policies_keep_wishes_of_others_and_grants_from_the_app_role(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    asked = await ask(deps, globex.manager, "official")
    app = await asyncpg.connect(urls.app)
    for tenant, seen in ((globex, 1), (acme, 0)):
        async with app.transaction():
            await app.execute("select set_config('aei.tenant', $1, true)", str(tenant.id))
            assert await app.fetchval("select count(*) from name_claims") == seen
            changed = await app.execute(
                "update name_claims set granted_at = now() where case_id = $1", asked.case_id
            )
            assert changed == "UPDATE 0"
    await app.close()


async def test_the_database_has_the_same_skeletons_as_the_rules(urls: DatabaseUrls) -> None:
    owner = await asyncpg.connect(urls.owner)
    found: list[str] = []

    @given(st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,38}", fullmatch=True), min_size=20, max_size=20))
    def collect(drawn: list[str]) -> None:
        found.extend(drawn)

    collect()
    rows = await owner.fetch("select name, name_skeleton(name) as bones from unnest($1::text[]) name", found)
    await owner.close()
    assert {row["name"]: row["bones"] for row in rows} == {name: skeleton(name) for name in found}


async def test_the_routes_say_why_and_where_to_ask(client: Client, globex: Tenant, popular: str) -> None:
    token = globex.tokens["ProjectManager"]
    refused = await client.post("/api/namespaces", token, json={"name": "ini-tech"})
    assert (refused.status, refused.json["resembles"], refused.json["likeness"]) == (
        409,
        "initech",
        "separators",
    )
    asked = await client.post("/api/name-claims", token, json={"name": "ini-tech", "reason": "Ours."})
    assert (asked.status, asked.json["name"], asked.json["granted_at"]) == (201, "ini-tech", None)
    assert (await client.get(asked.headers["Location"], token)).json == asked.json
    assert (await client.post("/api/namespaces", token, json={"name": "hooli"})).status == 201
    assert (await client.post("/api/namespaces", json={"name": "hooli"})).status == 401
