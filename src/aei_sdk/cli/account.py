"""Signing in and out."""

import asyncio
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import typer

from aei_sdk.cli.options import AsJson, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Me
from aei_sdk.credentials import (
    DEFAULT_URL,
    Credentials,
    credentials_file,
    current_credentials,
    store_credentials,
)
from aei_sdk.errors import UsageRefused

_LOGIN = examples("aei login", "aei login --url https://marketplace.example --token aei_…")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=_LOGIN)(login)
    app.command(epilog=examples("aei logout"))(logout)


def login(
    url: Annotated[str | None, typer.Option(help=f"The marketplace; {DEFAULT_URL} at first.")] = None,
    token: Annotated[str | None, typer.Option(help="A token; asked for when absent.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign in with a token, check it, and keep it for this user alone."""
    with Screen(as_json) as screen:
        address = _address(url or current_credentials().url)
        secret = token or typer.prompt("Token", hide_input=True, err=True)
        if _travels_in_the_clear(address):
            screen.note(f"{address} is not https: the token can be read on the way.")
        credentials = Credentials(address, secret)
        me = asyncio.run(_who(credentials))
        store_credentials(credentials_file(), credentials)
        whose = f"of {me['tenant']}" if me["tenant"] else "of the staff"
        screen.show(me, lambda: screen.say(f"Signed in to {address} as {me['name']} {whose}."))


def logout(as_json: AsJson = False) -> None:
    """Forget the stored token. It stays valid until it expires or is revoked."""
    with Screen(as_json) as screen:
        path = credentials_file()
        was_there = path.exists()
        path.unlink(missing_ok=True)
        said = "Signed out; the token is forgotten here." if was_there else "Nobody was signed in."
        screen.show({"signed_out": was_there}, lambda: screen.say(said))


async def _who(credentials: Credentials) -> Me:
    from aei_sdk.client import Client

    async with Client(credentials.url, credentials.token) as client:
        return await client.me()


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageRefused(f"{url!r} is not an address", advice=f"Write it like {DEFAULT_URL}")
    return url.rstrip("/")


def _travels_in_the_clear(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return False
    try:
        return not ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return True
