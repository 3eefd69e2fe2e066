"""An issuer of identity tokens on loopback that signs whatever a test asks it to."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import Key, RSAKey

AUDIENCE = "https://marketplace.example"
REPOSITORY, WORKFLOW = "acme/echo", ".github/workflows/release.yml"


@dataclass
class Issuer:
    """A build service.

    Attributes:
        url: as tokens name it; its name leads to loopback by the operator's map of internal services.
        asked: paths that were asked for, in order.
        metadata: what it says of itself, when a test wants it to lie.
    """

    url: str
    port: int
    key: Key = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
    )
    more_keys: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    status: int = 200

    @property
    def internal(self) -> dict[str, tuple[str, int]]:
        return {self.url.removeprefix("http://"): ("127.0.0.1", self.port)}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Honest claims; a change to None leaves one out, one to a timedelta is counted from now."""
        now = int(time.time())
        honest = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": f"repo:{REPOSITORY}:ref:refs/heads/main",
            "jti": secrets.token_hex(8),
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "repository": REPOSITORY,
            "repository_id": "74",
            "workflow": "any name that somebody gave it",
            "workflow_ref": f"{REPOSITORY}/{WORKFLOW}@refs/heads/main",
        }
        wanted = {name: value for name, value in {**honest, **changes}.items() if value is not None}
        return {name: _counted(now, value) for name, value in wanted.items()}

    def token(self, **changes: Any) -> str:
        """A token with the issuer's own signature."""
        return self.signed(self.claims(**changes), self.key)

    def signed(self, claims: dict[str, Any], key: Key, alg: str = "RS256", **header: Any) -> str:
        return jwt.encode({"alg": alg, "kid": "one", **header}, claims, key, algorithms=[alg])

    def rotate(self) -> None:
        """Sign with a new key from now on, and publish it in place of the old one."""
        self.key = RSAKey.generate_key(2048, {"kid": "two", "alg": "RS256", "use": "sig"})

    async def _describe(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        described = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.metadata}
        return web.json_response(described, status=self.status)

    async def _keys(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.json_response({"keys": [self.key.as_dict(private=False), *self.more_keys]})


def _counted(now: int, value: Any) -> Any:
    return now + int(value.total_seconds()) if isinstance(value, timedelta) else value


@asynccontextmanager
async def issuing(name: str = "builds.example") -> AsyncIterator[Issuer]:
    """Run an issuer."""
    app = web.Application()
    runner = web.AppRunner(app)
    issuer = Issuer("", 0)
    app.add_routes(
        [web.get("/.well-known/openid-configuration", issuer._describe), web.get("/keys", issuer._keys)]
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer.port = runner.addresses[0][1]
    issuer.url = f"http://{name}:{issuer.port}"
    try:
        yield issuer
    finally:
        await runner.cleanup()
