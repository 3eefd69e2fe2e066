"""`aei key`: the keys that sign your packages."""

from pathlib import Path
from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.errors import UsageRefused

app = typer.Typer(help="Make, register and revoke the keys that sign your packages.", no_args_is_help=True)


@app.command(epilog=examples("aei key new", "aei key new --out release.pem"))
def new(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where; beside the login otherwise.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is readable by you alone; its public half lies beside it."""
    from aei_sdk.signing import key_file, make_key, public_file  # its library loads slowly

    with Screen(as_json) as screen:
        path = out or key_file()
        key = make_key(path)
        facts = {"id": key.public.id, "key": str(path), "public_key": str(public_file(path))}
        screen.show(facts, lambda: screen.say(f"{path}  id {key.public.id}\nRegister it: aei key add"))


@app.command(epilog=examples("aei key add", "aei key add release.pub --name 'release machine'"))
def add(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="A public key in PEM form.")] = None,
    name: Annotated[str, typer.Option(help="What you call it.")] = "signing key",
    as_json: AsJson = False,
) -> None:
    """Register a public key: the marketplace takes packages that it signed."""
    from aei_sdk.signing import key_file, public_file

    with Screen(as_json) as screen:
        content = _text(file or public_file(key_file()))
        key = call(lambda client: client.signing.add_key(name, content))
        screen.show(
            key, lambda: screen.say(f"{key['id']} is registered. Sign with it: aei plugin publish --sign")
        )


@app.command("list", epilog=examples("aei key list"))
def list_keys(as_json: AsJson = False) -> None:
    """Show your publisher's keys, the newest first."""
    with Screen(as_json) as screen:
        page = call(lambda client: client.signing.keys())
        rows = [(k["id"], k["name"], k["created_at"], k["revoked_at"]) for k in page["items"]]
        screen.show(page, lambda: screen.table(("ID", "NAME", "ADDED", "REVOKED"), rows))


@app.command(epilog=examples("aei key revoke 4f0c…"))
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `aei key list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Revoke a key: it signs nothing new, and what it signed before stays signed."""
    with Screen(as_json) as screen:
        call(lambda client: client.signing.revoke_key(key_id))
        screen.show({"revoked": key_id}, lambda: screen.say(f"{key_id} is revoked."))


@app.command(epilog=examples("aei key require", "aei key require --off"))
def require(
    off: Annotated[bool, typer.Option("--off", help="Allow releases without a signature again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Have every new release of your publisher be signed, or refused."""
    with Screen(as_json) as screen:
        call(lambda client: client.signing.require(not off))
        said = "Releases may be unsigned." if off else "Every new release must be signed."
        screen.show({"required": not off}, lambda: screen.say(said))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise UsageRefused(f"{path} cannot be read", str(error), advice="Make a key: aei key new") from None
