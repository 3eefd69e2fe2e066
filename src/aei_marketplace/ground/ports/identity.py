"""Who vouches for people that sign in elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class ProviderFailed(Exception):
    """A provider of sign-in gave no answer that can be used; the text names no secret."""


@dataclass(frozen=True, slots=True)
class CodeExchange:
    """An authorization code on its way to the provider's token endpoint (RFC 6749, 4.1.3).

    Attributes:
        endpoint: the token endpoint.
        form: what is sent, without the client's authentication.
        client_secret: None for a public client.
        basic: whether the secret goes into the Authorization header instead of the form.
    """

    endpoint: str
    form: Mapping[str, str] = field(repr=False)
    client_id: str
    client_secret: str | None = field(repr=False)
    basic: bool


class IdentityProviders(Protocol):
    """The way to OpenID providers: public ones by https, or the operator's own services."""

    async def get(self, url: str) -> Mapping[str, Any]:
        """A JSON object, such as the provider's metadata or keys.

        Raises:
            ProviderFailed: there is none.
        """
        ...

    async def exchange(self, exchange: CodeExchange) -> Mapping[str, Any]:
        """Trade a code for tokens, once.

        Raises:
            ProviderFailed: the provider refused, or did not answer.
        """
        ...
