"""The web process's door, opened by the launcher so that it survives a restart of that process."""

import errno
import socket

from aei_marketplace.launcher.errors import LaunchError

_BACKLOG = 512


def open_door(host: str, port: int) -> socket.socket:
    """Bind and listen.

    Args:
        host: a name or an address.
        port: 0 picks a free one.

    Raises:
        LaunchError: the address cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        door = socket.socket(family, kind, protocol)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
        door.listen(_BACKLOG)
    except OSError as error:
        advice = (
            "Another program uses it; stop that one, or choose a free port with --port 0."
            if error.errno == errno.EADDRINUSE
            else "Choose another address with AEI_HOST or --port."
        )
        raise LaunchError(f"Cannot listen on {host} port {port}: {error.strerror}. {advice}") from error
    return door


def address_of(door: socket.socket) -> tuple[str, int]:
    """Where a caller on this machine reaches the door."""
    host, port = door.getsockname()[:2]
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 compared, never bound
    return local, port


def url_of(door: socket.socket) -> str:
    """The same as a URL."""
    host, port = address_of(door)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
