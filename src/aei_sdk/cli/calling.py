"""Running a command's conversation with the marketplace."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from aei_sdk.credentials import current_credentials

if TYPE_CHECKING:
    from aei_sdk.client import Client

T = TypeVar("T")


def call(conversation: Callable[["Client"], Awaitable[T]]) -> T:
    """Open a client with the current credentials, hold a conversation, and return its result."""
    from aei_sdk.client import Client

    credentials = current_credentials()

    async def hold() -> T:
        async with Client(credentials.url, credentials.token) as client:
            return await conversation(client)

    return asyncio.run(hold())
