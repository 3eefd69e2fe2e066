"""Installing plugins and looking after what is installed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aei_sdk.cli.along import choose_along
from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, Yes, checked_id, examples, read_json
from aei_sdk.cli.permissions import GrantChoice, choose_grants, show_permissions
from aei_sdk.cli.screen import Screen, somebody_is_there
from aei_sdk.client.values import Installation, Operation
from aei_sdk.errors import ExitCode, UsageRefused

if TYPE_CHECKING:
    from aei_sdk.client import Client

_INSTALL = examples(
    "aei install studio.summarise",
    "aei install studio.linkcheck --grant network=example.com",
    "aei install studio.linkcheck --grant-all --config @config.json --version 1.0.0",
    "aei install studio.linkcheck --grant none",
    "aei install acme.report --with-dependencies --grant-all",
)
_UPDATE = examples("aei update studio.linkcheck", "aei update studio.linkcheck --grant-all")
_UNINSTALL = examples("aei uninstall studio.linkcheck", "aei uninstall studio.linkcheck --purge --yes")

Grant = Annotated[
    list[str] | None,
    typer.Option(
        "--grant", metavar="PERMISSION[=SCOPE,…]", help="Grant this, again for more; none for nothing."
    ),
]
GrantAll = Annotated[bool, typer.Option("--grant-all", help="Grant all that the plugin requests.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=_INSTALL)(install)
    app.command(epilog=_UPDATE)(update)
    app.command(epilog=_UNINSTALL)(uninstall)
    app.command("list", epilog=examples("aei list", "aei list --json"))(list_installed)
    app.command(epilog=examples("aei enable studio.linkcheck"))(enable)
    app.command(epilog=examples("aei disable studio.linkcheck"))(disable)


def install(
    plugin: PluginArgument,
    version: Annotated[str | None, typer.Option(help="This release; the newest otherwise.")] = None,
    channel: Annotated[str | None, typer.Option(help="stable or preview.")] = None,
    grant: Grant = None,
    grant_all: GrantAll = False,
    config: Annotated[str | None, typer.Option(metavar="JSON|@FILE", help="Its configuration.")] = None,
    with_dependencies: Annotated[
        bool, typer.Option("--with-dependencies", help="Install or update what it needs as well.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Install a plugin in your tenant, with the permissions that you grant."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        settings = read_json(config, "--config") if config is not None else None
        choice = GrantChoice(grant or (), grant_all or yes)
        requested = call(lambda client: _requested(client, plugin_id, version))
        _refuse_silence(requested, choice)
        grants = choose_grants(screen, requested, choice)
        plan = call(lambda client: client.installations.plan(plugin_id, version=version, channel=channel))
        along = choose_along(screen, plan, choice, with_dependencies)
        operation = call(
            lambda client: _follow(
                screen,
                client,
                client.installations.install(
                    plugin_id,
                    version=version,
                    channel=channel,
                    grants=grants,
                    config=settings,
                    dependencies=along,
                ),
            )
        )
        granted = f" with {', '.join(grants)}" if grants else " without any permission"
        screen.show(
            operation, lambda: screen.say(f"Installed {plugin_id}{granted}. Run it: aei run {plugin_id}")
        )


def update(
    plugin: PluginArgument,
    version: Annotated[str | None, typer.Option(help="This release; the newest otherwise.")] = None,
    grant: Grant = None,
    grant_all: GrantAll = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Update an installed plugin; shows what the new release asks for beyond the old grants.

    With --grant or --grant-all and no newer release, the grants alone are changed.
    """
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        choice = GrantChoice(grant or (), grant_all or yes)
        installed, requested = call(lambda client: _update_request(client, plugin_id, version))
        grants = _new_grants(screen, installed, requested, choice)
        if grants is not None and version is None and not installed["update_available"]:
            changed = call(lambda client: client.installations.change(plugin_id, grants=grants))
            granted = ", ".join(changed["grants"]) or "nothing"
            screen.show(changed, lambda: screen.say(f"{plugin_id} is granted {granted}."))
            return
        operation = call(
            lambda client: _follow(
                screen, client, client.installations.update(plugin_id, version=version, grants=grants)
            )
        )
        screen.show(operation, lambda: screen.say(f"Updated {plugin_id}. {operation['message']}"))


def uninstall(
    plugin: PluginArgument,
    purge: Annotated[
        bool, typer.Option("--purge", help="Remove its files, secrets and settings now.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Uninstall a plugin; files, secrets and configuration are kept for 30 days unless purged."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        question = f"Remove {plugin_id} with its files, secrets and configuration, for good?"
        if purge and not yes and not screen.confirm(question):
            raise UsageRefused("Nothing was removed", "--purge needs a yes.", advice="Answer y, or add --yes")
        operation = call(
            lambda client: _follow(screen, client, client.installations.uninstall(plugin_id, purge=purge))
        )
        screen.show(operation, lambda: screen.say(f"Uninstalled {plugin_id}."))


def list_installed(as_json: AsJson = False) -> None:
    """List what your tenant has installed."""
    with Screen(as_json) as screen:
        page = call(lambda client: client.installations.list())
        screen.show(page, lambda: _show_installed(screen, page["items"]))


def enable(plugin: PluginArgument, as_json: AsJson = False) -> None:
    """Let an installed plugin run again."""
    _toggle(plugin, True, as_json)


def disable(plugin: PluginArgument, as_json: AsJson = False) -> None:
    """Keep an installed plugin from running; what runs already is finished."""
    _toggle(plugin, False, as_json)


def _toggle(plugin: str, enabled: bool, as_json: bool) -> None:
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        installation = call(lambda client: client.installations.toggle(plugin_id, enabled=enabled))
        word = "enabled" if enabled else "disabled"
        screen.show(installation, lambda: screen.say(f"{plugin_id} is {word}."))


async def _requested(client: "Client", plugin_id: str, version: str | None) -> dict[str, dict[str, Any]]:
    if version is None:
        return (await client.catalogue.plugin(plugin_id))["permissions"] or {}
    release = await client.catalogue.release(plugin_id, version)
    return dict(release["manifest"].get("permissions", {}))


async def _update_request(
    client: "Client", plugin_id: str, version: str | None
) -> tuple[Installation, dict[str, dict[str, Any]]]:
    installed = await client.installations.find(plugin_id)
    if installed is None:
        raise _not_installed(plugin_id)
    target = version or (installed["update_available"] or {}).get("version")
    return installed, await _requested(client, plugin_id, target)


def _new_grants(
    screen: Screen, installed: Installation, requested: dict[str, dict[str, Any]], choice: GrantChoice
) -> dict[str, dict[str, Any]] | None:
    """The grants to send with an update; None leaves them as they are."""
    if choice.everything or choice.named:
        return choose_grants(screen, requested, choice)
    new = (installed["update_available"] or {}).get("new_permissions")
    if not new:
        return None
    screen.say("The new release asks for more than is granted:")
    show_permissions(screen, {name: scope for name, scope in requested.items() if name in new} or requested)
    if screen.confirm("Grant all that it asks for?"):
        return choose_grants(screen, requested, GrantChoice((), True))
    screen.note("It keeps its present grants; --grant-all gives it what it asks for.")
    return None


def _refuse_silence(requested: dict[str, dict[str, Any]], choice: GrantChoice) -> None:
    """A script must say what it grants: there is nobody to ask."""
    if requested and not (choice.everything or choice.named) and not somebody_is_there():
        raise UsageRefused(
            f"The plugin asks for {', '.join(requested)}",
            "Nobody is at the terminal to grant it.",
            advice="Say --grant-all, --grant PERMISSION[=SCOPE] or --grant none",
        )


async def _follow(screen: Screen, client: "Client", request: Any) -> Operation:
    operation: Operation = await request
    with screen.progress(operation["kind"]) as show:
        return await client.operations.finished(
            operation, lambda state: show(state["progress"], state["message"])
        )


def _show_installed(screen: Screen, installations: list[Installation]) -> None:
    if not installations:
        screen.say("Nothing is installed. Find something: aei search")
        return
    rows = [
        (
            entry["plugin_id"],
            entry["version"],
            "enabled" if entry["enabled"] else "disabled",
            ", ".join(entry["grants"]) or None,
            (entry["update_available"] or {}).get("version"),
        )
        for entry in installations
    ]
    screen.table(("ID", "VERSION", "STATE", "GRANTS", "UPDATE"), rows)


def _not_installed(plugin_id: str) -> UsageRefused:
    refused = UsageRefused(f"{plugin_id} is not installed", advice=f"Install it: aei install {plugin_id}")
    refused.exit_code = ExitCode.NOT_FOUND
    return refused
