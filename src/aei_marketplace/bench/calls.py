"""Calls to a running marketplace, one at a time or many at once."""

import asyncio
import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import uvloop

LISTED_S = 240.0


class Caller:
    """Sends requests one after the other over one connection, as one token's owner."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def get(self, path: str) -> tuple[int, Any]:
        """GET: status and JSON."""
        return self._send("GET", path, None)

    def download(self, path: str) -> bytes:
        """GET: the bytes, over the connection that is open, as programs keep theirs.

        Raises:
            RuntimeError: the answer was not a success.
        """
        try:
            response = self._get(path)
        except http.client.RemoteDisconnected:  # it was idle for so long that the server closed it
            self._connection.close()
            response = self._get(path)
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}")
        return content

    def _get(self, path: str) -> http.client.HTTPResponse:
        self._connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
        return self._connection.getresponse()

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """POST JSON: status and JSON."""
        return self._send("POST", path, json.dumps(body))

    def install(self, plugin: str) -> None:
        """Install a plugin and wait until that is done.

        Raises:
            RuntimeError: it failed.
        """
        status, operation = self.post(f"/api/plugins/{plugin}/install", {})
        while status == 202 or operation.get("state") in ("queued", "running"):
            time.sleep(0.05)
            status, operation = self.get(f"/api/operations/{operation['id']}")
        if operation.get("state") != "succeeded":
            raise RuntimeError(f"{plugin} was not installed: {operation}")

    def time_posts(self, path: str, body: Any, times: int) -> list[float]:
        """POST again and again: milliseconds of each.

        Raises:
            RuntimeError: an answer was not a success.
        """
        taken = []
        for _ in range(times):
            began = time.perf_counter()
            status, answer = self.post(path, body)
            taken.append((time.perf_counter() - began) * 1000)
            if status != 200 or answer["outcome"] != "ok":
                raise RuntimeError(f"{path} answered {status}: {answer}")
        return taken

    def _send(self, method: str, path: str, body: str | None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if method == "GET":
            self._connection.close()  # the server may have closed it while idle; these are not timed
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        return response.status, json.loads(content) if content else None


def until_listed(caller: Caller, plugin: str) -> None:
    """Wait until a plugin is offered.

    Raises:
        RuntimeError: it is not within `LISTED_S`.
    """
    end = time.monotonic() + LISTED_S
    while caller.get(f"/api/plugins/{plugin}")[0] != 200:
        if time.monotonic() > end:
            raise RuntimeError(f"{plugin} was not listed within {LISTED_S} s")
        time.sleep(0.5)


def posts_per_second(url: str, token: str, path: str, body: Any, clients: int, seconds: float) -> float:
    """How many POSTs succeed each second with several clients at once."""
    return uvloop.run(_load(url, token, path, json.dumps(body), clients, seconds))


async def _load(url: str, token: str, path: str, body: str, clients: int, seconds: float) -> float:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    done, end = 0, time.monotonic() + seconds

    async def client(session: aiohttp.ClientSession) -> None:
        nonlocal done
        while time.monotonic() < end:
            async with session.post(url + path, data=body) as response:
                content = await response.read()
                if response.status != 200:
                    raise RuntimeError(f"{path} answered {response.status}: {content[:500]!r}")
                done += 1

    async with aiohttp.ClientSession(headers=headers) as session:
        await asyncio.gather(*(client(session) for _ in range(clients)))
    return done / seconds
