"""Tokens that publish in one plugin or namespace: what they open, and that they lead no further."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.accounts import rules
from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.rules.places import actions_of, places_of, stays_within
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState, Submission
from aei_marketplace.ground.actor import Actor, OutOfReach, reaches
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotAllowed
from tests.builders import Tenant, make_tenant
from tests.packages import make_package
from tests.publishing import publish_listed

ECHO, ACME = "plugin.publish:acme.echo", "plugin.publish:acme.*"


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


async def limited(deps: Deps, issuer: Actor, *scopes: str) -> Actor:
    async with deps.works.begin(issuer) as work:
        token = await accounts.issue_token(work, name="limited", scopes=scopes)
    return await accounts.authenticate(deps.works, token.secret or "", "trace")


async def publish(deps: Deps, actor: Actor, plugin_id: str, version: str = "1.0.0") -> None:
    package = make_package({"id": plugin_id, "version": version})
    await catalog.publish_release(deps, actor, "trace", Submission(package))


async def test_a_token_of_a_plugin_publishes_that_plugin_alone(deps: Deps, acme: Tenant) -> None:
    actor = await limited(deps, acme.manager, ECHO)
    assert (actor.actions, actor.publishes) == ({"plugin.publish"}, {"acme.echo"})
    await publish(deps, actor, "acme.echo")
    for elsewhere in ("acme.echo2", "acme.other", "other.echo"):
        with pytest.raises(OutOfReach, match=r"publishes acme\.echo alone") as refused:
            await publish(deps, actor, elsewhere)
        assert (refused.value.status, bool(refused.value.next_step)) == (403, True)


async def test_a_token_of_a_namespace_publishes_all_of_it_and_nothing_else(deps: Deps, acme: Tenant) -> None:
    actor = await limited(deps, acme.manager, ACME)
    await publish(deps, actor, "acme.echo")
    await publish(deps, actor, "acme.other")
    for elsewhere in ("acme2.echo", "acm.echo"):
        with pytest.raises(OutOfReach):
            await publish(deps, actor, elsewhere)


async def test_a_limited_token_moves_no_release_elsewhere(deps: Deps, acme: Tenant) -> None:
    actor = await limited(deps, acme.manager, ECHO)
    for plugin_id in ("acme.echo", "acme.other"):
        await publish_listed(deps, acme.manager, {"id": plugin_id})
    async with deps.works.begin(actor) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.YANKED, "old")
    with pytest.raises(OutOfReach):
        async with deps.works.begin(actor) as work:
            await catalog.change_state(work, "acme.other", "1.0.0", ReleaseState.YANKED, "old")


async def test_a_limited_token_does_nothing_for_the_whole_publisher(deps: Deps, acme: Tenant) -> None:
    actor = await limited(deps, acme.manager, ACME)
    for act in (
        lambda work: catalog.claim_namespace(work, "other"),
        lambda work: catalog.require_signatures(work, required=True),
        lambda work: catalog.revoke_signing_key(work, "ab" * 32),
    ):
        with pytest.raises(OutOfReach):
            async with deps.works.begin(actor) as work:
                await act(work)
    with pytest.raises(NotAllowed):
        async with deps.works.begin(actor) as work:
            work.actor.require("plugin.install")


@pytest.mark.parametrize(
    "scopes",
    [["*"], ["plugin.publish"], [ACME], ["plugin.publish:acme.other"], [ECHO, "plugin.install"], [ECHO, "*"]],
)
async def test_a_limited_token_issues_none_that_reaches_further(
    deps: Deps, acme: Tenant, scopes: Sequence[str]
) -> None:
    actor = await limited(deps, acme.manager, ECHO)
    with pytest.raises(NotAllowed):
        await limited(deps, actor, *scopes)
    assert (await limited(deps, actor, ECHO)).publishes == {"acme.echo"}


async def test_whose_role_does_not_publish_gets_no_token_that_does(deps: Deps, acme: Tenant) -> None:
    actor = await limited(deps, acme.agent, ECHO)
    assert actor.actions == frozenset()
    with pytest.raises(NotAllowed):
        await publish(deps, actor, "acme.echo")


@pytest.mark.parametrize(
    "scope",
    [
        "plugin.publish:",
        "plugin.publish:acme",
        "plugin.publish:*",
        "plugin.publish:*.*",
        "plugin.publish:acme.*.x",
        "plugin.publish:Acme.echo",
        "plugin.publish:acme.echo\n",
        "plugin.publish: acme.echo",
        "plugin.install:acme.echo",
        "plugin.publish:acme.echo:x",
    ],
)
def test_a_scope_whose_place_is_none_is_refused_and_opens_nothing(scope: str) -> None:
    with pytest.raises(Invalid):
        rules.check_scopes([scope])
    assert places_of([scope]) is None
    assert actions_of([scope]) == {scope}


_places = st.sets(
    st.sampled_from(["acme.echo", "acme.other", "acme.*", "globex.echo", "globex.*"]), min_size=1
)


@given(_places, _places)
def test_what_stays_within_reaches_nothing_new(held: set[str], wanted: set[str]) -> None:
    if stays_within([f"plugin.publish:{place}" for place in wanted], frozenset(held)):
        for plugin in ("acme.echo", "acme.other", "acme.new", "globex.echo", "globex.new"):
            assert not reaches(frozenset(wanted), plugin) or reaches(frozenset(held), plugin)
