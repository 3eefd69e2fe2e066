"""Finding plugins."""

from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, checked_id, examples
from aei_sdk.cli.permissions import show_permissions
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Plugin, Release

_SEARCH = examples(
    "aei search summary", "aei search --kind model --compatible-with 2.1.0", "aei search links --json"
)
_INFO = examples(
    "aei info studio.summarise",
    "aei info studio.summarise --version 1.0.0 --json",
    "aei info studio.summarise --verify",
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=_SEARCH)(search)
    app.command(epilog=_INFO)(info)


def search(
    query: Annotated[str, typer.Argument(help="Words to look for; all plugins without any.")] = "",
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    kind: Annotated[str | None, typer.Option(help="agent, model, tool or scanner.")] = None,
    compatible_with: Annotated[str | None, typer.Option(help="Only for this version of AEI.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find plugins by what they do."""
    with Screen(as_json) as screen:
        page = call(
            lambda client: client.catalogue.search(
                query, category=category, kind=kind, compatible_with=compatible_with, limit=limit
            )
        )
        screen.show(page, lambda: _show_found(screen, page["items"], page["total"]))


def info(
    plugin: PluginArgument,
    version: Annotated[str | None, typer.Option(help="One release instead of the listing.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Prove that its publication is in the public log.")
    ] = False,
    log_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The log's key, as its operator told you; is pinned.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a plugin: what it does, what it may ask for, its releases."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        if verify or log_key:
            from aei_sdk.cli.proving import verify as prove  # its library of signatures loads slowly

            prove(screen, plugin_id, version, log_key)
            return
        if version is not None:
            release = call(lambda client: client.catalogue.release(plugin_id, version))
            screen.show(release, lambda: _show_release(screen, release))
            return
        listing = call(lambda client: client.catalogue.plugin(plugin_id))
        screen.show(listing, lambda: _show_listing(screen, listing))


def _show_found(screen: Screen, plugins: list[Plugin], total: int) -> None:
    if not plugins:
        screen.say("No plugin matches. Try fewer words, or none to see all.")
        return
    rows = [(p["id"], _latest(p), p["kind"], _badge(p), p["description"]) for p in plugins]
    screen.table(("ID", "VERSION", "KIND", "CERTIFIED", "DESCRIPTION"), rows)
    if total > len(plugins):
        screen.say(f"{len(plugins)} of {total}; --limit shows more.", "dim")


def _show_listing(screen: Screen, plugin: Plugin) -> None:
    screen.say(f"{plugin['name']}  {plugin['id']} {_latest(plugin)}", "bold")
    screen.say(plugin["description"])
    rating, publisher = plugin["rating"], plugin["publisher"]
    rows = [
        ("publisher", f"{publisher['name']}{' (verified)' if publisher.get('verified') else ''}"),
        ("kind", plugin["kind"]),
        ("categories", ", ".join(plugin["categories"])),
        ("for AEI", plugin["compatibility"].get("aei")),
        ("price", (plugin["pricing"] or {}).get("model", "free")),
        ("certified", _badge(plugin)),
        ("rating", f"{rating['average']} of 5 ({rating['count']})" if rating.get("count") else None),
        ("installs", plugin["installs"]),
    ]
    screen.table(("", ""), rows)
    show_permissions(screen, plugin["permissions"])
    screen.say(f"Install it: aei install {plugin['id']}", "cyan")


def _show_release(screen: Screen, release: Release) -> None:
    screen.say(f"{release['plugin_id']} {release['version']}  {release['state']}", "bold")
    if reason := release.get("reason"):
        screen.say(reason)
    rows = [
        ("published", release["published_at"]),
        ("size", f"{release['size_bytes'] / 1e6:.2f} MB"),
        ("sha256", release["sha256"]),
        ("certified", _until(release)),
        ("signed by", release.get("signer")),
        ("log index", release["log_index"]),
        ("advisories", ", ".join(release.get("advisories", ()))),
    ]
    screen.table(("", ""), rows)
    show_permissions(screen, release["manifest"].get("permissions", {}))


def _latest(plugin: Plugin) -> str | None:
    return (plugin["latest"] or {}).get("version")


def _badge(plugin: Plugin) -> str:
    return "yes" if plugin["certified"] else "no"


def _until(release: Release) -> str:
    badge = release["certification"]
    return f"until {badge['expires_at']}" if badge else "no"
