"""`aei plugin publish`, `yank` and `deprecate`."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, checked_id, examples
from aei_sdk.cli.plugin.building import package_content
from aei_sdk.cli.screen import Screen, ShowProgress
from aei_sdk.client.values import Release
from aei_sdk.errors import AeiError, ExitCode, UsageRefused

if TYPE_CHECKING:
    from aei_sdk.client import Client

_PUBLISH = examples(
    "aei plugin publish",
    "aei plugin publish build/acme.counter-0.1.0.aeiplugin --private --audience globex",
    "aei plugin publish --sign",
)
_YANK = examples("aei plugin yank acme.counter 0.1.0 --reason 'counts twice'")
_DEPRECATE = examples(
    "aei plugin deprecate acme.counter 0.1.0 --reason 'use the new one' --replacement acme.tally"
)

_POLL_SECONDS = 0.3
_LONGEST_WAIT_S = 300

Version = Annotated[str, typer.Argument(metavar="VERSION", help="The release.")]
Reason = Annotated[str, typer.Option(help="Why; shown to everyone who has it installed.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=_PUBLISH)(publish)
    app.command(epilog=_YANK)(yank)
    app.command(epilog=_DEPRECATE)(deprecate)


def publish(
    target: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A package, or a project to build.")
    ] = Path(),
    private: Annotated[
        bool, typer.Option("--private", help="Only for your tenant and its audience.")
    ] = False,
    audience: Annotated[
        list[str] | None, typer.Option(metavar="TENANT", help="A further tenant that sees a private plugin.")
    ] = None,
    signature: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A detached signature (DSSE envelope).")
    ] = None,
    sign: Annotated[bool, typer.Option("--sign", help="Sign it with your key (see `aei key new`).")] = False,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Sign it with this private key (PEM).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Publish a package and wait until it is listed; ends with 5 when it is held, and says why."""
    with Screen(as_json) as screen:
        if audience and not private:
            raise UsageRefused("--audience goes with --private", "A public plugin is for everyone.")
        if signature and (sign or key):
            raise UsageRefused("--signature goes without --sign and --key", "One signature is enough.")
        content = package_content(screen, target)
        envelope = _signed(content, key) if sign or key else _signature(signature)
        visibility = "private" if private else "public"
        with screen.progress("publishing") as show:
            release = call(
                lambda client: _publish(client, content, envelope, visibility, audience or [], show)
            )
        _refuse_held(release)
        name = f"{release['plugin_id']} {release['version']}"
        screen.show(
            release, lambda: screen.say(f"{name} is {release['state']}: aei info {release['plugin_id']}")
        )


def yank(plugin: PluginArgument, version: Version, reason: Reason, as_json: AsJson = False) -> None:
    """Offer a release for no new installation; who has pinned it keeps it and sees the reason."""
    _move(plugin, version, "yanked", reason, None, as_json)


def deprecate(
    plugin: PluginArgument,
    version: Version,
    reason: Reason,
    replacement: Annotated[str | None, typer.Option(metavar="ID", help="What to use instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Advise against a release; it stays installable."""
    _move(plugin, version, "deprecated", reason, replacement, as_json)


def _move(plugin: str, version: str, state: str, reason: str, replacement: str | None, as_json: bool) -> None:
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        instead = checked_id(replacement) if replacement else None
        release = call(
            lambda client: client.catalogue.set_state(
                plugin_id, version, state, reason=reason, replacement=instead
            )
        )
        screen.show(release, lambda: screen.say(f"{plugin_id} {version} is {release['state']}."))


async def _publish(
    client: "Client",
    content: bytes,
    signature: bytes | None,
    visibility: str,
    audience: list[str],
    show: ShowProgress,
) -> Release:
    release = await client.catalogue.publish(
        content,
        signature=signature,
        visibility=visibility,
        audience=audience,
        sent=lambda count: show(count / max(1, len(content)), "sending"),
    )
    return await _settled(client, release, show)


async def _settled(client: "Client", release: Release, show: ShowProgress) -> Release:
    """The release once the registry has processed it."""
    for _ in range(int(_LONGEST_WAIT_S / _POLL_SECONDS)):
        if release["state"] != "processing":
            return release
        show(None, "the registry is checking it")
        await asyncio.sleep(_POLL_SECONDS)
        release = await client.catalogue.release(release["plugin_id"], release["version"])
    name = f"{release['plugin_id']} {release['version']}"
    raise AeiError(
        f"{name} is still being processed",
        f"It was published {_LONGEST_WAIT_S} s ago and is not listed yet.",
        advice=f"Look again later: aei info {release['plugin_id']} --version {release['version']}",
    )


def _refuse_held(release: Release) -> None:
    if release["state"] != "held":
        return
    held = AeiError(
        f"{release['plugin_id']} {release['version']} is held",
        str(release.get("reason") or "The registry gave no reason."),
        advice="Correct it and publish a new version; this one is not installable.",
    )
    held.exit_code = ExitCode.REFUSED
    raise held


def _signed(content: bytes, path: Path | None) -> bytes:
    from aei_sdk.signing import key_file, read_key
    from aei_sdk.signing import sign as sign_package  # its library of signatures loads slowly

    key = read_key(path or key_file(), lambda: str(typer.prompt("Passphrase", hide_input=True, err=True)))
    return sign_package(content, key)


def _signature(path: Path | None) -> bytes | None:
    if path is None:
        return None
    if not path.is_file():
        raise UsageRefused(f"There is no {path}", advice="--signature names a DSSE envelope.")
    return path.read_bytes()
