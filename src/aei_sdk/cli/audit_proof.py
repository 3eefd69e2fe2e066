"""`aei audit proof`: an entry, the proof that it is in the log, and what that proves."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aei_inspection.notes import VerifyingKey
from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson
from aei_sdk.cli.proving import given_key, offered_key
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import AuditProof
from aei_sdk.credentials import current_credentials
from aei_sdk.pins import Pin, pins_file, read_pin, store_pin
from aei_sdk.proving import NotProven
from aei_sdk.proving_entries import ProvenEntry, prove_entry

if TYPE_CHECKING:
    from aei_sdk.client import Client


def prove(
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The entry's id.")],
    log_key: Annotated[
        str | None, typer.Option("--log-key", metavar="KEY", help="The audit log's key, NAME+ID+BASE64.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that an entry is in the audit log, under a signed checkpoint, and remember that."""
    with Screen(as_json) as screen:
        # Kept apart from the pin of the public log: another log, another key.
        log, path = f"{current_credentials().url}#audit", pins_file()
        pin, given = read_pin(path, log), given_key(log_key)
        known = Pin(given) if given and (pin is None or pin.key != given) else pin
        if given and pin and pin.key != given:
            screen.note("The key that you gave takes the place of the one that was pinned.")

        async def hold(client: "Client") -> tuple[Pin, ProvenEntry]:
            proof = await client.audit.proof(entry)
            trusted = known or Pin(_key_named(proof))
            return trusted, await prove_entry(client, entry, proof, trusted.key, trusted.checkpoint)

        trusted, proven = call(hold)
        store_pin(path, log, Pin(trusted.key, proven.note))
        screen.show(
            _document(entry, trusted, proven, first_use=known is None),
            lambda: _show(screen, entry, trusted, proven, first_use=known is None),
        )


def _key_named(proof: AuditProof) -> VerifyingKey:
    try:
        return offered_key(proof["checkpoint"]["key"])
    except (KeyError, TypeError, AttributeError) as error:  # the answer has another shape
        raise NotProven("The log's answer is not a proof", f"{type(error).__name__}: {error}") from None


def _show(screen: Screen, entry: str, trusted: Pin, proven: ProvenEntry, *, first_use: bool) -> None:
    screen.say(f"{entry}  proven", "bold")
    if proven.document is None:
        screen.say(f"It was archived: {proven.archive} holds the entry of hash {proven.leaf_hash.hex()}.")
    else:
        told, about = proven.document, proven.document["resource"]
        screen.say(f"{told['at']}  {told['action']}  {about['type']} {about['id']}  {told['outcome']}")
    size = proven.checkpoint.size
    screen.say(f"It is entry {proven.sequence} of {size}, under a checkpoint that the pinned key signed.")
    if proven.since is None:
        screen.say("This is the first checkpoint of the audit log that you checked.")
    else:
        screen.say(f"Nothing that you saw has changed: the log only grew from {proven.since} entries.")
    if first_use:
        screen.say(
            "The key was trusted because it is the first that you met. Compare it with the operator's:"
        )
        screen.say(f"  {trusted.key.text()}", "cyan")


def _document(entry: str, trusted: Pin, proven: ProvenEntry, *, first_use: bool) -> dict[str, Any]:
    return {
        "entry": entry,
        "proven": True,
        "sequence": proven.sequence,
        "leaf_hash": proven.leaf_hash.hex(),
        "document": proven.document,
        "archive": proven.archive,
        "checkpoint": proven.note,
        "grown_from": proven.since,
        "key": trusted.key.text(),
        "key_trusted_on_first_use": first_use,
    }
