"""The public keys of issuers of identity tokens: of those that the operator trusts, and of nobody else."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aei_marketplace.ground.ports import IdentityProviders, ProviderFailed

#: How long keys are believed without asking again, and how soon an unknown key may make us ask again.
FRESH_S, AGAIN_S = 600.0, 30.0


class IssuerNotTrusted(Exception):
    """The operator does not trust this issuer; nothing was asked of it."""


@dataclass(frozen=True, slots=True)
class _Known:
    keys: Mapping[str, Any]
    at: float


class IssuerKeys:
    """Fetches issuers' keys (OpenID Connect Discovery 1.0) and remembers them, in this process.

    Args:
        trusted: issuers, exactly as tokens name them.
        clock: seconds that only grow.
    """

    def __init__(self, trusted: Iterable[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self.trusted = frozenset(trusted)
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._locks = {issuer: asyncio.Lock() for issuer in self.trusted}

    async def of(self, providers: IdentityProviders, issuer: str, key_id: str | None) -> Mapping[str, Any]:
        """An issuer's key set (RFC 7517).

        Args:
            providers: the way to the issuer.
            key_id: the key that is needed; when it is unknown the issuer is asked anew, but not often.

        Raises:
            IssuerNotTrusted: the operator does not trust the issuer.
            ProviderFailed: it does not answer as it should.
        """
        if issuer not in self.trusted:
            raise IssuerNotTrusted(issuer)
        async with self._locks[issuer]:
            known = self._known.get(issuer)
            if known is None or self._is_old(known, key_id):
                known = self._known[issuer] = _Known(await _fetch(providers, issuer), self._clock())
        return known.keys

    def _is_old(self, known: _Known, key_id: str | None) -> bool:
        has_it = key_id is None or any(key.get("kid") == key_id for key in known.keys["keys"])
        return self._clock() - known.at >= (FRESH_S if has_it else AGAIN_S)


async def _fetch(providers: IdentityProviders, issuer: str) -> Mapping[str, Any]:
    metadata = await providers.get(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if metadata.get("issuer") != issuer:
        raise ProviderFailed("the issuer calls itself by another name")
    place = metadata.get("jwks_uri")
    if not isinstance(place, str):
        raise ProviderFailed("the issuer does not say where its keys are")
    document = await providers.get(place)
    keys = document.get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise ProviderFailed("the issuer's keys are no key set")
    return document
