"""Named secrets of the tenant. Needs the permission `secrets`."""

from wit_world.imports import secrets as _host

from aei.ask import ask


def get(name: str) -> str:
    """A secret's value.

    Raises:
        Denied: it is not granted, or does not exist.
    """
    return ask(_host.get, name)
