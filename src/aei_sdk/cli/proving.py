"""`aei info --verify`: what was proven, and what was not."""

from typing import TYPE_CHECKING, Any

from aei_inspection.notes import NoteMalformed, VerifyingKey
from aei_sdk.cli.calling import call
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Release
from aei_sdk.credentials import current_credentials
from aei_sdk.errors import UsageRefused
from aei_sdk.pins import Pin, pins_file, read_pin, store_pin
from aei_sdk.proving import NotProven, Proven, prove_release

if TYPE_CHECKING:
    from aei_sdk.client import Client


def verify(screen: Screen, plugin_id: str, version: str | None, log_key: str | None) -> None:
    """Prove that a release stands in the public log, and remember the checkpoint."""
    url, path = current_credentials().url, pins_file()
    pin = read_pin(path, url)
    given = given_key(log_key)
    known = Pin(given) if given and (pin is None or pin.key != given) else pin
    if given and pin and pin.key != given:
        screen.note("The key that you gave takes the place of the one that was pinned.")

    async def hold(client: "Client") -> tuple[Release, Pin, Proven]:
        release = await client.catalogue.release(plugin_id, version or await _latest(client, plugin_id))
        if release.get("visibility") == "private":
            raise NotProven(
                f"{plugin_id} is private",
                "The public log tells nothing of private plugins, so that it proves nothing of them.",
                advice="Its publication stands in the audit log of its publisher's tenant.",
            )
        trusted = known or Pin(offered_key(await client.release_log.key()))
        return release, trusted, await prove_release(client, release, trusted.key, trusted.checkpoint)

    release, trusted, proven = call(hold)
    store_pin(path, url, Pin(trusted.key, proven.note))
    screen.show(
        _document(release, trusted, proven, first_use=known is None),
        lambda: _show(screen, release, trusted, proven, first_use=known is None),
    )


async def _latest(client: "Client", plugin_id: str) -> str:
    return str(((await client.catalogue.plugin(plugin_id))["latest"] or {})["version"])


def given_key(text: str | None) -> VerifyingKey | None:
    """The key of a log that the caller gave.

    Raises:
        UsageRefused: it is not written like one.
    """
    try:
        return None if text is None else VerifyingKey.parse(text.strip())
    except NoteMalformed as error:
        raise UsageRefused(
            "That is not the key of a log", str(error), advice="It is written name+id+base64."
        ) from None


def offered_key(text: str) -> VerifyingKey:
    """The key that a marketplace names as its log's.

    Raises:
        NotProven: it is none.
    """
    try:
        return VerifyingKey.parse(text)
    except NoteMalformed as error:
        raise NotProven("The marketplace's log has no key that can be used", str(error)) from None


def _show(screen: Screen, release: Release, trusted: Pin, proven: Proven, *, first_use: bool) -> None:
    (first, published), (last, present) = proven.leaves[0], proven.leaves[-1]
    log, size = proven.checkpoint.origin, proven.checkpoint.size
    screen.say(f"{release['plugin_id']} {release['version']}  proven", "bold")
    screen.say(
        f"sha256 {release['sha256']} was published; entry {first} of the log says so ({published.at})."
    )
    screen.say(f"Its last state in the log is {present.state}, by entry {last} ({present.at}).")
    screen.say(
        f"Both entries are in {log} with {size} entries, and its checkpoint is signed by the pinned key."
    )
    if release.get("signer"):
        screen.say(f"The package is signed by the key {release['signer']}, which the log names.")
    else:
        screen.say("The package is not signed by its publisher.")
    if proven.since is None:
        screen.say("This is the first checkpoint of this log that you checked.")
    else:
        screen.say(f"Nothing that you saw has changed: the log only grew from {proven.since} entries.")
    if first_use:
        screen.say(
            "The key was trusted because it is the first that you met. Compare it with the operator's:"
        )
        screen.say(f"  {trusted.key.text()}", "cyan")
    screen.say(
        "Not proven: that the package is harmless, that no newer entry was left out, or that others are shown"
        " the same log; for the last, compare checkpoints.",
        "dim",
    )


def _document(release: Release, trusted: Pin, proven: Proven, *, first_use: bool) -> dict[str, Any]:
    return {
        "plugin_id": release["plugin_id"],
        "version": release["version"],
        "sha256": release["sha256"],
        "signer": release.get("signer"),
        "proven": True,
        "entries": [
            {"index": index, "state": leaf.state, "at": leaf.at, "reason": leaf.reason}
            for index, leaf in proven.leaves
        ],
        "checkpoint": proven.note,
        "grown_from": proven.since,
        "key": trusted.key.text(),
        "key_trusted_on_first_use": first_use,
    }
