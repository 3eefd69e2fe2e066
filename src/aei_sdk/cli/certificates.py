"""`aei verify`: whether a package is certified, checked from its signed statement."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, checked_id, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.errors import UsageRefused

if TYPE_CHECKING:
    from aei_inspection.certificates import Certificate

_VERIFY = examples(
    "aei verify acme.echo --version 1.0.0 --save .",
    "aei verify acme.echo-1.0.0.aeiplugin --key registry.pem",
    "aei verify acme.echo-1.0.0.aeiplugin --statement badge.json --key registry.pem --json",
)


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog=_VERIFY)(verify)


def verify(
    target: Annotated[str, typer.Argument(metavar="FILE|ID", help="A package, or a plugin here.")],
    version: Annotated[str | None, typer.Option(help="Of the plugin; exactly.")] = None,
    statement: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The signed statement; beside the package otherwise.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The registry's public key, as PEM, that you trust.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the plugin's package, statement and key there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the certificate of a package: of a file offline, with a key that you trust."""
    with Screen(as_json) as screen:
        if Path(target).is_file():
            found = _of_file(Path(target), statement, key)
        else:
            found = _of_plugin(screen, checked_id(target), version, key, save)
        facts = _facts(found)
        screen.show(facts, lambda: _show(screen, found))


def _of_file(package: Path, statement: Path | None, key: Path | None) -> "Certificate":
    from aei_sdk import certificates  # its library of signatures loads slowly

    if key is None:
        raise UsageRefused(
            "Whose signature is to be trusted?",
            "A file is checked offline, so the registry's key has to be here.",
            advice="Name it: --key FILE. `aei verify ID --save DIR` keeps one; compare it over another way.",
        )
    envelope = certificates.read_file(statement or certificates.statement_beside(package), "The statement")
    keys = certificates.read_keys(certificates.read_file(key, "The key"))
    digest = certificates.digest_of(certificates.read_file(package, "The package"))
    return certificates.check(envelope, digest, keys, datetime.now(UTC))


def _of_plugin(
    screen: Screen, plugin_id: str, version: str | None, key: Path | None, save: Path | None
) -> "Certificate":
    from aei_sdk import certificates

    wanted = version or _latest(plugin_id)
    envelope = call(lambda client: client.certification.statement(plugin_id, wanted))
    package = call(lambda client: client.catalogue.package(plugin_id, wanted))
    if key is None:
        pems = [pem.encode() for pem in call(lambda client: client.certification.keys())]
        screen.note("The key is the one that the marketplace itself gave; --key names one that you trust.")
    else:
        pems = [certificates.read_file(key, "The key")]
    keys = certificates.read_keys(*pems)
    found = certificates.check(envelope, certificates.digest_of(package), keys, datetime.now(UTC))
    if save is not None:
        _save(save / f"{plugin_id}-{wanted}.aeiplugin", package, envelope, pems)
    return found


def _save(place: Path, package: bytes, envelope: bytes, pems: list[bytes]) -> None:
    from aei_sdk import certificates

    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(package)
    certificates.statement_beside(place).write_bytes(envelope)
    for number, pem in enumerate(pems):
        place.with_name(f"registry{number or ''}.pem").write_bytes(pem)


def _latest(plugin_id: str) -> str:
    listing = call(lambda client: client.catalogue.plugin(plugin_id))
    return str((listing["latest"] or {}).get("version", ""))


def _facts(found: "Certificate") -> dict[str, Any]:
    return {
        "valid": True,
        "id": found.id,
        "plugin_id": found.plugin_id,
        "version": found.version,
        "sha256": found.sha256,
        "policy": dict(found.policy),
        "checks": [dict(check) for check in found.checks],
        "advisories_at": found.advisories_at.isoformat() if found.advisories_at else None,
        "inspected": found.inspected,
        "decided": found.decided,
        "issued_at": found.issued_at.isoformat(),
        "expires_at": found.expires_at.isoformat(),
    }


def _show(screen: Screen, found: "Certificate") -> None:
    screen.say(f"{found.plugin_id} {found.version} is certified until {found.expires_at:%Y-%m-%d}.", "bold")
    passed = sum(check.get("result") == "pass" for check in found.checks)
    advisories = f"{found.advisories_at:%Y-%m-%d}" if found.advisories_at else None
    rows = [
        ("policy", found.policy.get("number")),
        ("checks passed", f"{passed} of {len(found.checks)}"),
        ("read", "its source" if found.inspected == "source" else "what lies inside the component"),
        ("advisories of", advisories),
        ("decided by", "a Certifier" if found.decided == "certifier" else "the policy itself"),
    ]
    screen.table(("", ""), rows)
    screen.say("It met that policy when it was scanned. Whether the badge was suspended since, only the")
    screen.say(f"marketplace knows: aei certification show {found.plugin_id} {found.version}")
