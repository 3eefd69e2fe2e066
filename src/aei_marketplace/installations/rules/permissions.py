"""What permissions allow and how risky that is, in the words that every page uses."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

Asked = Mapping[str, Any]


class Risk(StrEnum):
    """How much harm a release could do with a permission that it abuses, the least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


TITLES = {"network": "Network", "filesystem": "Files", "models": "Models", "secrets": "Secrets"}


def sentence(capability: str, value: str) -> str:
    """What one scope allows.

    Args:
        capability: `hosts`, `secrets`, `chat` or `embed`.
        value: as a manifest or a grant names it.
    """
    match capability:
        case "hosts":
            name, _, port = value.partition(":")
            reach = f"any host right under {name[2:]}" if name.startswith("*.") else name
            return f"May reach {reach} (HTTPS{', port ' + port if port else ''})"
        case "secrets":
            return f"May read the secret {value}"
        case "chat":
            return "May chat with any of your models" if value == "*" else f"May chat with the model {value}"
        case _:
            return (
                "May embed with any of your models" if value == "*" else f"May embed with the model {value}"
            )


def risk_of(permission: str, asked: Asked) -> tuple[Risk, str]:
    """The word for the risk of a permission, and what it rests on."""
    return _RISKS[permission](asked)


def together(permissions: Mapping[str, Asked]) -> str | None:
    """What permissions mean in company, where it is more than each alone."""
    if "network" not in permissions:
        return None
    if "secrets" in permissions:
        return "Together: what it reads from a secret it could send to a host that it may reach."
    if permissions.get("filesystem", {}).get("persistent_mib", 0):
        return "Together: what it keeps between runs it could send to a host that it may reach."
    return None


def _network(asked: Asked) -> tuple[Risk, str]:
    if any(host.startswith("*.") for host in asked.get("hosts", ())):
        return Risk.HIGH, "A pattern stands for hosts that nobody can list: anything it sees can leave."
    return Risk.MEDIUM, "What it is given can leave to these hosts, and to no others."


def _filesystem(asked: Asked) -> tuple[Risk, str]:
    if asked.get("persistent_mib", 0):
        return (
            Risk.MEDIUM,
            "It can remember what one run was given until the next. It sees no other files.",
        )
    return Risk.LOW, "It sees no files but its own, and they are gone when the run ends."


def _models(asked: Asked) -> tuple[Risk, str]:
    if "*" in (*asked.get("chat", ()), *asked.get("embed", ())):
        return Risk.MEDIUM, "It chooses the model, so a run can cost as much as your dearest one asks."
    return Risk.LOW, "Your own endpoints answer. Each run costs tokens, up to the limit."


def _secrets(_asked: Asked) -> tuple[Risk, str]:
    return Risk.HIGH, "It sees the values themselves and can do with them whatever they allow."


_RISKS: Mapping[str, Callable[[Asked], tuple[Risk, str]]] = {
    "network": _network,
    "filesystem": _filesystem,
    "models": _models,
    "secrets": _secrets,
}
