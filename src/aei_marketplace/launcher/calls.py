"""The launcher's own calls to the web process that it started."""

import asyncio
import http.client
import json
import time
from typing import Any

from aei_marketplace.launcher.errors import LaunchError

_CALL_SECONDS = 20.0
_POLL_SECONDS = 0.05


async def get(address: tuple[str, int], path: str, token: str = "") -> tuple[int, Any]:
    """GET a JSON document: its status and content, or status 0 while nobody answers."""
    return await asyncio.to_thread(_get, address, path, token)


async def until_ready(address: tuple[str, int], seconds: float) -> None:
    """Wait until the marketplace calls itself ready.

    Raises:
        LaunchError: it does not within the time; the message holds its last answer.
    """
    deadline = time.monotonic() + seconds
    status, answer = 0, None
    while time.monotonic() < deadline:
        status, answer = await get(address, "/readyz")
        if status == 200:
            return
        await asyncio.sleep(_POLL_SECONDS)
    raise LaunchError(f"The marketplace is not ready after {seconds:.0f} s; /readyz said {status}: {answer}.")


def _get(address: tuple[str, int], path: str, token: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(*address, timeout=_CALL_SECONDS)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, None
    finally:
        connection.close()
    try:
        return response.status, json.loads(text)
    except ValueError:
        return response.status, text
