"""Names and values of secrets."""

import re
from uuid import UUID

from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.sealing import Place
from aei_marketplace.vault.errors import SecretUnfit

LONGEST_VALUE = 16 * 1024
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def secret_place(tenant: UUID, name: str, version: int) -> Place:
    """Where a version of a secret's value belongs."""
    return Place("aei-secret", tenant, name, version)


def check_name(name: str) -> str:
    """A name that a secret may have.

    Raises:
        SecretUnfit: it is not spelled like one.
    """
    if not _NAME.fullmatch(name):
        message = "capital letters, digits and underscores, a letter first, at most 64"
        raise SecretUnfit("The name cannot be used.", faults=[Fault("name", message)])
    return name


def check_value(value: str) -> str:
    """A value that can be kept.

    Raises:
        SecretUnfit: it is empty, longer than 16 KiB, or not text.
    """
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise SecretUnfit("The value is not text.", faults=[Fault("/value", "not valid Unicode")]) from error
    if not 0 < size <= LONGEST_VALUE:
        message = f"1 to {LONGEST_VALUE:,} bytes; this has {size:,}"
        raise SecretUnfit("The value cannot be kept.", faults=[Fault("/value", message)])
    return value
