"""Who can reach the marketplace, and with what."""

import socket
from ipaddress import ip_address

from aei_marketplace.examination.finding import Finding
from aei_marketplace.settings import Settings


def look_at_web(settings: Settings) -> Finding:
    """Whether tokens and passwords travel in the clear."""
    public = settings.public_url or ""
    if public.startswith("http://") and not _is_loopback(public.removeprefix("http://").split("/")[0]):
        return Finding(
            "web", False, f"{public} is plain http: tokens can be read on the way; put TLS before it"
        )
    if not _is_loopback(settings.host) and not public.startswith("https://"):
        detail = (
            f"listens on {settings.host} in plain http: put a proxy with TLS before it and name it with "
            "AEI_PUBLIC_URL, or listen on 127.0.0.1"
        )
        return Finding("web", False, detail)
    return Finding("web", True, public or f"reached from this machine alone ({settings.host})")


def look_at_seed(settings: Settings) -> Finding:
    """Whether the demo's tokens, which stand in a file, open the marketplace."""
    tokens = settings.keys / "seed-demo.json"
    if tokens.exists():
        detail = (
            f"the demo's people and tokens are in ({tokens}): fine for trying things; what others can reach "
            "begins in a new folder with --seed none"
        )
        return Finding("seed", False, detail)
    return Finding("seed", True, "no demo tokens")


def _is_loopback(host: str) -> bool:
    """Whether a host, with or without its port, is this machine only."""
    name = host.rpartition(":")[0] if host.count(":") == 1 or "]:" in host else host
    try:
        found = socket.getaddrinfo(name.strip("[]"), None)
    except OSError:
        return False
    return bool(found) and all(ip_address(entry[4][0]).is_loopback for entry in found)
