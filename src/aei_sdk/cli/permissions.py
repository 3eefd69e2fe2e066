"""Permissions on the command line: showing a request, choosing what to grant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aei_protocol.permissions import covers_host
from aei_sdk.cli.screen import Screen
from aei_sdk.errors import UsageRefused

Permissions = Mapping[str, Mapping[str, Any]]
NOTHING = "none"


@dataclass(frozen=True, slots=True)
class GrantChoice:
    """What the caller said about grants.

    Attributes:
        named: each `PERMISSION[=SCOPE,…]`, or `none` alone.
        everything: grant the whole request without a question.
    """

    named: Sequence[str]
    everything: bool


def show_permissions(screen: Screen, requested: Permissions) -> None:
    """A request with the reasons that its author gives."""
    if not requested:
        screen.say("It asks for no permission.")
        return
    screen.say("It asks for:")
    rows = [(name, describe_scope(scope), scope.get("reason")) for name, scope in requested.items()]
    screen.table(("PERMISSION", "SCOPE", "REASON"), rows)


def describe_scope(scope: Mapping[str, Any]) -> str:
    """A scope in a few words."""
    parts = []
    for name, value in scope.items():
        if name == "reason" or value in (None, [], 0):
            continue
        listed = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        parts.append(listed if name in ("hosts", "names") else f"{name} {listed}")
    return "; ".join(parts)


def choose_grants(screen: Screen, requested: Permissions, choice: GrantChoice) -> dict[str, dict[str, Any]]:
    """What to grant of a request, asking a person where nothing was said.

    Raises:
        UsageRefused: more than requested was named, or nothing was said and nobody can be asked.
    """
    if choice.everything:
        return {name: _scope(requested[name]) for name in requested}
    if choice.named:
        return named_grants(requested, choice.named)
    if not requested:
        return {}
    show_permissions(screen, requested)
    return {n: _scope(s) for n, s in requested.items() if screen.confirm(f"Grant {n} ({describe_scope(s)})?")}


def named_grants(requested: Permissions, named: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The grants that `PERMISSION[=SCOPE,…]` names, narrowed to the scopes.

    Raises:
        UsageRefused: something was named that is not requested.
    """
    if NOTHING in named:
        if len(named) > 1:
            raise UsageRefused("--grant none stands alone", "It means that nothing is granted.")
        return {}
    pairs = [setting.partition("=") for setting in named]
    for name, _, _ in pairs:
        if name not in requested:
            asks = ", ".join(requested) or "nothing"
            raise UsageRefused(f"The plugin does not request {name!r}", f"It requests {asks}.")
    return {n: _narrowed(n, requested[n], s.split(",")) if eq else _scope(requested[n]) for n, eq, s in pairs}


def _scope(request: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in request.items() if key != "reason"}


def _narrowed(permission: str, request: Mapping[str, Any], wanted: list[str]) -> dict[str, Any]:
    scope = _scope(request)
    match permission:
        case "network":
            _refuse_beyond(permission, [w for w in wanted if not _any_covers(request["hosts"], w)])
            return scope | {"hosts": wanted}
        case "secrets":
            _refuse_beyond(permission, [w for w in wanted if w not in request["names"]])
            return scope | {"names": wanted}
        case "models":
            return scope | _narrowed_models(request, wanted)
        case _:
            raise UsageRefused(
                f"{permission} takes no scope here",
                advice=f"Grant it whole: --grant {permission}, or narrow it on the installation's page.",
            )


def _narrowed_models(request: Mapping[str, Any], wanted: list[str]) -> dict[str, list[str]]:
    chosen = {
        use: [w for w in wanted if w in request.get(use, ()) or "*" in request.get(use, ())]
        for use in ("chat", "embed")
    }
    _refuse_beyond("models", [w for w in wanted if not any(w in chosen[use] for use in chosen)])
    return chosen


def _any_covers(hosts: Sequence[str], wanted: str) -> bool:
    try:
        return any(covers_host(host, wanted) for host in hosts)
    except ValueError:
        return False


def _refuse_beyond(permission: str, beyond: list[str]) -> None:
    if beyond:
        raise UsageRefused(
            f"The plugin does not request {permission} for {', '.join(beyond)}",
            "A grant is never more than the request.",
            advice="See what it requests: aei info ID",
        )
