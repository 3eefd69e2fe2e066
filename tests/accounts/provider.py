"""A real OpenID provider on loopback, and the browser that goes there and back."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from oidc_provider_mock import User, run_server_in_thread

from aei_marketplace.adapters.identity_providers import IdentityProviderClient
from aei_marketplace.ground.ports import CodeExchange, IdentityProviders


@dataclass(frozen=True)
class Running:
    """A provider that runs.

    Attributes:
        issuer: as it calls itself; its name leads to loopback by the operator's map.
    """

    host: str
    port: int

    @property
    def issuer(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def internal(self) -> dict[str, tuple[str, int]]:
        return {f"{self.host}:{self.port}": ("127.0.0.1", self.port)}

    async def authorize(self, url: str, subject: str) -> dict[str, str]:
        """Sign in there as somebody; what the provider sends the browser back with."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == self.issuer
        local = f"http://127.0.0.1:{self.port}{parts.path}?{parts.query}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                local, data={"sub": subject}, headers={"Host": parts.netloc}, allow_redirects=False
            ) as answer,
        ):
            assert answer.status == 302, await answer.text()
            return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@contextmanager
def running(host: str, *people: User) -> Iterator[Running]:
    """Run a provider; without the variable it refuses to speak plain HTTP, also on loopback."""
    with (
        mock.patch.dict(os.environ, {"AUTHLIB_INSECURE_TRANSPORT": "1"}),
        run_server_in_thread(require_nonce=True, user_claims=people) as server,
    ):
        yield Running(host, server.server_port)


@dataclass
class Tampering:
    """Answers as the true provider does, but for the ID token, which says what the test wants.

    Attributes:
        claims: put over the true ones.
        algorithm: with which it is signed, by a key that is shown beside the true ones; `none` signs nothing.
        metadata: put over what the provider says of itself.
    """

    true: IdentityProviders
    claims: Mapping[str, Any]
    algorithm: str = "RS256"
    key: Any = None
    metadata: Mapping[str, Any] | None = None

    @property
    def own(self) -> RSAKey:
        """The key that is shown beside the true ones."""
        return _own_key()

    async def get(self, url: str) -> Mapping[str, Any]:
        document = await self.true.get(url)
        if "keys" in document:
            return {"keys": [*document["keys"], *KeySet([self.own]).as_dict(private=False)["keys"]]}
        return {**document, **(self.metadata or {})}

    async def exchange(self, exchange: CodeExchange) -> Mapping[str, Any]:
        tokens = dict(await self.true.exchange(exchange))
        keys = await self.true.get(f"http://{urlsplit(exchange.endpoint).netloc}/jwks")
        honest = jwt.decode(tokens["id_token"], KeySet.import_key_set(keys), algorithms=["RS256"]).claims
        claims = {name: value for name, value in {**honest, **self.claims}.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "own"}
        tokens["id_token"] = jwt.encode(header, claims, self.key or self.own, algorithms=[self.algorithm])
        return tokens


@cache
def _own_key() -> RSAKey:
    return RSAKey.generate_key(2048, parameters={"kid": "own", "use": "sig"})


def client_of(*providers: Running) -> IdentityProviderClient:
    """The real client, with a map to loopback."""
    internal: dict[str, tuple[str, int]] = {}
    for provider in providers:
        internal |= provider.internal
    return IdentityProviderClient(internal)
