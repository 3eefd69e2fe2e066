"""`http.fetch`: the guests' one way to the network."""

from aei_sandbox.broker.denials import Denials


async def no_network(
    request: str, hosts: tuple[str, ...], deadline: float, denials: Denials
) -> tuple[bool, str]:
    """Deny every request."""
    denials.add("network", "*")
    return False, '{"code": "denied", "message": "this host has no network"}'
