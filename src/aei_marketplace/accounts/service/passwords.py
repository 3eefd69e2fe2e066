"""Passwords: hashed with argon2id, checked in other threads, a few at a time."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from aei_marketplace.ground.at_once import AtOnce

_hasher = PasswordHasher()
#: Each check takes 64 MiB and 50 ms of a core; more at once would starve everything else.
_checks = AtOnce(2)


async def hash_password(password: str) -> str:
    """An argon2id hash; takes 50 ms of another thread."""
    async with _checks:
        return await asyncio.to_thread(_hasher.hash, password)


async def password_fits(password_hash: str | None, password: str) -> bool:
    """Whether a password has this hash; without a hash no, after the same time."""
    async with _checks:
        return await asyncio.to_thread(_fits, password_hash, password)


def _fits(password_hash: str | None, password: str) -> bool:
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
