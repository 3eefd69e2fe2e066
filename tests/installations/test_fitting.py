"""The actions of several plugins, read from a catalogue, and how they look."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import event

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service
from aei_marketplace.installations.rules.requests import Wish
from aei_marketplace.installations.service import ActionKind, PluginAction
from aei_marketplace.web.shell.rendering import environment
from tests.builders import Tenant, make_staff
from tests.plugins import install, publish

MACROS = '{% from "installations/action.html" import action %}{{ action(fit, "token", "once", brief) }}'


async def fit(deps: Deps, actor: Actor, plugin_id: str = "acme.echo") -> PluginAction:
    async with deps.works.begin(actor) as work:
        return (await service.actions_for(work, deps.aei_version, [plugin_id]))[plugin_id]


@asynccontextmanager
async def counted(deps: Deps, actor: Actor) -> AsyncIterator[tuple[object, list[str]]]:
    statements: list[str] = []
    engine = deps.works.database.app.sync_engine

    def note(_c, _cursor, statement, *_rest):
        statements.append(statement)

    async with deps.works.begin(actor) as work:
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield work, statements
        finally:
            event.remove(engine, "before_cursor_execute", note)


def shown(fit: PluginAction, *, brief: bool = False) -> str:
    return environment().from_string(MACROS).render(fit=fit, brief=brief)


async def test_each_role_is_offered_what_fits_it(deps: Deps, acme: Tenant, globex: Tenant) -> None:
    for role, kind in [("Admin", "consent"), ("ProjectManager", "consent"), ("Viewer", "not_allowed")]:
        found = await fit(deps, globex.actors[role])
        assert (found.kind, found.version) == (kind, "1.0.0")
    assert (await fit(deps, globex.admin)).permissions == 2
    assert (await fit(deps, ANONYMOUS)).why == "Sign in to install it."
    staff, _ = await make_staff(deps.works)
    assert (await fit(deps, staff)).kind is ActionKind.NOT_ALLOWED


async def test_a_plugin_goes_from_offered_over_under_way_to_installed_and_updated(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain"})
    assert (await fit(deps, globex.admin, "acme.plain")).kind is ActionKind.INSTALL
    async with deps.works.begin(globex.admin) as work:
        asked = await service.request_install(work, deps.aei_version, "acme.plain", Wish())
    running = await fit(deps, globex.viewer, "acme.plain")
    assert running.kind is ActionKind.UNDER_WAY
    assert running.operation is not None
    assert (running.operation.id, running.operation.kind) == (asked.operation.id, "install")
    assert (await fit(deps, acme.admin, "acme.plain")).kind is ActionKind.INSTALL  # another tenant's work

    await publish(
        deps, acme.manager, {"id": "acme.plain", "version": "1.1.0"}
    )  # does the waiting job as well
    found = await fit(deps, globex.admin, "acme.plain")
    assert (found.kind, found.installed, found.version) == (ActionKind.UPDATE, "1.0.0", "1.1.0")
    assert (await fit(deps, globex.viewer, "acme.plain")).kind is ActionKind.INSTALLED


async def test_an_update_that_asks_for_more_is_looked_at_first(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain"})
    await install(deps, globex.admin, "acme.plain")
    asking = {"secrets": {"names": ["ACME_KEY"], "reason": "signs in"}}
    await publish(deps, acme.manager, {"id": "acme.plain", "version": "1.1.0", "permissions": asking})
    found = await fit(deps, globex.admin, "acme.plain")
    assert (found.kind, found.permissions) == (ActionKind.REVIEW, 1)


@pytest.mark.parametrize(
    "manifest",
    [
        {"version": "1.0.0-rc.1"},
        {"dependencies": {"acme.echo": "^1.0.0"}},
        {
            "config_schema": {
                "type": "object",
                "required": ["tone"],
                "properties": {"tone": {"type": "string"}},
            }
        },
        {"pricing": {"model": "one_time", "amount_minor": 500, "currency": "USD"}},
    ],
    ids=["a preview", "dependencies", "a configuration it needs", "a price"],
)
async def test_what_needs_a_word_before_it_opens_the_dialog(
    deps: Deps, acme: Tenant, globex: Tenant, manifest: dict[str, object]
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain", **manifest})
    found = await fit(deps, globex.admin, "acme.plain")
    opens = ActionKind.BUY if "pricing" in manifest else ActionKind.CONSENT
    assert (found.kind, found.permissions) == (opens, 0)


async def test_what_the_registry_or_the_tenants_policy_stops_says_why(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    async with deps.works.begin(globex.admin) as work:
        await accounts.save_policies(work, {"minimum_release_age_hours": 24})
    found = await fit(deps, globex.admin)
    assert (found.kind, "minimum age" in found.why) == (ActionKind.BLOCKED, True)
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.YANKED, "wrong build")
    assert (await fit(deps, acme.admin)).kind is ActionKind.BLOCKED
    assert (await fit(deps, globex.admin, "acme.unknown")).kind is ActionKind.BLOCKED


async def test_many_plugins_cost_no_more_statements_than_one(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    ids = [f"acme.plain{number}" for number in range(4)]
    for plugin_id in ids:
        await publish(deps, acme.manager, {"id": plugin_id})
    await install(deps, globex.admin, ids[0])
    async with counted(deps, globex.admin) as (work, statements):
        found = await service.actions_for(work, deps.aei_version, [*ids, "acme.unknown"])
    assert set(found) == {*ids, "acme.unknown"}
    assert 0 < len(statements) <= 7


# ---------------------------------------------------------------- as pages show it


def test_a_button_that_acts_at_once_is_a_sealed_form_and_says_when_nobody_certified_it() -> None:
    html = shown(PluginAction("acme.echo", ActionKind.INSTALL, "1.0.0"))
    assert 'action="/marketplace/acme.echo/install" method="post"' in html
    assert 'name="csrf_token" value="token"' in html
    assert "uncertified" in html
    certified = PluginAction("acme.echo", ActionKind.INSTALL, "1.0.0", certified=True)
    assert "uncertified" not in shown(certified)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            PluginAction("acme.echo", ActionKind.CONSENT, "1.0.0", permissions=2),
            ("Install…", "2 permissions"),
        ),
        (
            PluginAction("acme.echo", ActionKind.REVIEW, "1.1.0", "1.0.0", permissions=1),
            ("Update to 1.1.0…", "1 new permission"),
        ),
        (PluginAction("acme.echo", ActionKind.UPDATE, "1.1.0", "1.0.0"), ("Update to 1.1.0",)),
        (PluginAction("acme.echo", ActionKind.INSTALLED, "1.0.0", "1.0.0"), ("Installed 1.0.0",)),
        (PluginAction("acme.echo", ActionKind.INSTALLED, "1.0.0", "1.0.0", enabled=False), ("switched off",)),
        (PluginAction("acme.echo", ActionKind.BLOCKED, why="<b>yanked</b>"), ("Blocked", "&lt;b&gt;yanked")),
        (PluginAction("acme.echo", ActionKind.NOT_ALLOWED, why="Your role"), ("Your role",)),
    ],
)
def test_every_action_says_what_it_is(found: PluginAction, words: Sequence[str]) -> None:
    html = shown(found)
    for word in words:
        assert word in html
    if found.kind in (ActionKind.BLOCKED, ActionKind.NOT_ALLOWED, ActionKind.INSTALLED):
        assert "<form" not in html


def test_a_card_leaves_out_what_the_role_may_not_do() -> None:
    assert "Your role" not in shown(
        PluginAction("acme.echo", ActionKind.NOT_ALLOWED, why="Your role"), brief=True
    )
