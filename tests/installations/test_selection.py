"""A tenant's lists: what they exclude, and that what they exclude is neither installed nor run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.catalog.rules.searching import KINDS
from aei_marketplace.ground.actor import MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service
from aei_marketplace.installations.errors import NotAdmitted, PoliciesStale
from aei_marketplace.installations.rules.policies import changed_policies, policies_etag
from aei_marketplace.installations.rules.selection import PARTS, exclusions, list_faults
from aei_protocol.manifest import Manifest
from aei_protocol.permissions import INTERFACE_OF
from tests.builders import Tenant, make_tenant
from tests.packages import MANIFEST
from tests.plugins import install, publish
from tests.serving import Client

ASKING = {"permissions": {"network": {"hosts": ["a.example"], "reason": "fetches"}}}
NETWORKED = Manifest({**MANIFEST, **ASKING})
POLICIES = "/api/policies"

_NAMES = {
    "publishers": st.sampled_from(["acme", "globex"]),
    "permissions": st.sampled_from(sorted(INTERFACE_OF)),
    "kinds": st.sampled_from(KINDS),
}
_LISTS = st.fixed_dictionaries({}, optional={part: st.lists(_NAMES[part]) for part in PARTS})


async def change(deps: Deps, tenant: Tenant, patch: dict[str, object]) -> None:
    async with deps.works.begin(tenant.admin) as work:
        await service.change_policies(work, deps, patch)


@pytest.mark.parametrize(
    "policies",
    [
        {"deny": {"publishers": ["acme"]}},
        {"deny": {"permissions": ["network"]}},
        {"deny": {"kinds": [MANIFEST["kind"]]}},
        {"allow": {"publishers": ["globex"]}},
        {"allow": {"permissions": ["secrets"]}},
        {"allow": {"publishers": ["acme"]}, "deny": {"publishers": ["acme"]}},
    ],
)
def test_what_a_list_denies_or_does_not_allow_is_excluded_with_its_ground(policies):
    assert len(exclusions(policies, NETWORKED)) == 1


@pytest.mark.parametrize(
    "policies", [{}, {"allow": {}}, {"allow": {"publishers": []}}, {"allow": {"permissions": ["network"]}}]
)
def test_lists_that_are_empty_or_name_the_release_exclude_nothing(policies):
    assert exclusions(policies, NETWORKED) == ()


def test_a_release_that_asks_for_nothing_passes_a_list_of_permissions():
    assert exclusions({"allow": {"permissions": ["secrets"]}}, Manifest(MANIFEST)) == ()


@given(allow=_LISTS, deny=_LISTS, more=_LISTS)
def test_denying_more_never_admits_what_was_excluded(allow, deny, more):
    wider = {part: [*deny.get(part, []), *more.get(part, [])] for part in PARTS}
    if exclusions({"allow": allow, "deny": deny}, NETWORKED):
        assert exclusions({"allow": allow, "deny": wider}, NETWORKED)


@given(allow=_LISTS, deny=_LISTS)
def test_lists_that_were_kept_say_the_same_as_those_that_were_sent(allow, deny):
    kept = changed_policies({}, {"allow": allow, "deny": deny})
    assert not list_faults({"allow": allow, "deny": deny})
    assert exclusions(kept, NETWORKED) == exclusions({"allow": allow, "deny": deny}, NETWORKED)
    assert policies_etag(changed_policies(kept, {})) == policies_etag(kept)


@pytest.mark.parametrize(
    "lists",
    [
        [],
        "acme",
        {"authors": []},
        {"kinds": ["robot"]},
        {"permissions": ["root"]},
        {"publishers": ["Acme"]},
        {"publishers": [3]},
        {"publishers": "acme"},
        {"publishers": [f"a{n}" for n in range(501)]},
    ],
)
def test_lists_that_are_not_understood_are_faults(lists):
    assert list_faults({"deny": lists})


async def test_what_is_excluded_is_not_installed_and_what_is_installed_does_not_run(
    client: Client, deps: Deps
):
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager, ASKING)
    await install(deps, acme.admin)
    execute = "/api/plugins/acme.echo/execute"
    before = await client.post(execute, acme.tokens["Agent"], json={"task": {}})
    assert before.status == 200
    await change(deps, acme, {"deny": {"permissions": ["network"]}})
    refused = await client.post(execute, acme.tokens["Agent"], json={"task": {}})
    assert refused.status == 409
    assert "denies the permission network" in refused.json["detail"]
    tried = await client.post("/api/plugins/acme.echo/try", acme.tokens["Agent"], json={"task": {}})
    assert tried.status == 409
    await change(deps, acme, {"deny": None})
    assert (await client.post(execute, acme.tokens["Agent"], json={"task": {}})).status == 200


async def test_an_excluded_release_is_refused_at_the_door_even_by_its_exact_version(deps: Deps):
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await publish(deps, acme.manager)
    await change(deps, globex, {"allow": {"publishers": ["studio"]}})
    with pytest.raises(NotAdmitted, match="allows the publisher studio alone, not acme"):
        await install(deps, globex.admin, version="1.0.0")


async def test_a_preview_names_what_would_stop_and_changes_nothing(deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager, ASKING)
    await install(deps, acme.admin)
    deny = {"deny": {"permissions": ["network"]}}
    async with deps.works.begin(acme.admin) as work:
        stops = await service.preview_policies(work, deny)
        still = await service.read_policies(work, deps)
    assert [(each.plugin_id, bool(each.grounds)) for each in stops] == [("acme.echo", True)]
    assert still.shown["deny"] == {}
    await change(deps, acme, deny)
    async with deps.works.begin(acme.admin) as work:
        runs_again = await service.preview_policies(work, {"deny": None})
        assert not await service.preview_policies(work, {"concurrency": 2})
    assert [(each.plugin_id, each.grounds) for each in runs_again] == [("acme.echo", ())]


async def test_a_change_of_policies_that_were_changed_meanwhile_is_refused(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    admin = acme.tokens["Admin"]
    seen = (await client.get(POLICIES, admin)).headers["ETag"]
    await client.send("PATCH", POLICIES, admin, json={"concurrency": 2})
    stale = await client.send("PATCH", POLICIES, admin, json={"concurrency": 3}, headers={"If-Match": seen})
    assert stale.status == 412
    assert stale.json["type"].endswith("policies-changed")
    now = (await client.get(POLICIES, admin)).headers["ETag"]
    fresh = await client.send("PATCH", POLICIES, admin, json={"concurrency": 3}, headers={"If-Match": now})
    assert fresh.json["concurrency"] == 3
    async with deps.works.begin(acme.admin) as work:
        with pytest.raises(PoliciesStale):
            await service.change_policies(work, deps, {"concurrency": 4}, seen)


async def test_a_preview_is_for_who_administers_policies(deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    with pytest.raises(MissingAction):
        async with deps.works.begin(acme.viewer) as work:
            await service.preview_policies(work, {})
