"""Requests to the hosts that were granted. Needs the permission `network`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wit_world.imports import http as _host

from aei.ask import ask


@dataclass(frozen=True)
class Response:
    """What came back; header names are lower case, `url` is where the answer came from."""

    status: int
    headers: Mapping[str, str]
    body: str
    url: str

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def fetch(
    url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: str | None = None
) -> Response:
    """Send one request.

    Raises:
        Denied: the host is not granted, or leads to an address that no plugin may reach.
        Invalid, Timeout, TooLarge, Unavailable: as their names say.
    """
    request: dict[str, Any] = {"method": method, "url": url, "headers": dict(headers or {})}
    if body is not None:
        request["body"] = body
    answer = json.loads(ask(_host.fetch, json.dumps(request)))
    fields = {name.lower(): value for name, value in answer.get("headers", {}).items()}
    return Response(answer["status"], fields, answer.get("body", ""), answer.get("url", url))
