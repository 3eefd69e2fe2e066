"""OpenID Connect Core 1.0 with PKCE (RFC 7636) and the defence against mix-up (RFC 9207): what is sent,
and what is believed.

Authlib is loaded when a provider is first used: marketplaces without one start without it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from aei_marketplace.accounts.errors import ProviderMismatch, ProviderRefused, ProviderUnusable
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.ports import CodeExchange

#: Signatures that a provider's public keys verify. `none`, and keys shared with clients, are no proof.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
SCOPE = "openid profile email"
CLOCK_SKEW_S = 60
LONGEST_URL, LONGEST_TEXT = 500, 2048


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of sign-in as it was entered.

    Attributes:
        tenant_id: whose it is; None for the operator's, which everybody sees.
        client_secret: None for a public client.
    """

    id: UUID
    tenant_id: UUID | None
    name: str
    issuer: str
    client_id: str
    client_secret: str | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself (OpenID Connect Discovery 1.0).

    Attributes:
        algorithms: with which it signs, of those that are believed.
        names_itself: whether its answers carry `iss`.
        basic: whether clients authenticate by HTTP Basic instead of the form.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    algorithms: tuple[str, ...]
    names_itself: bool
    basic: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """What one sign-in at a provider is bound to; kept on this side only.

    Attributes:
        state: the secret that comes back through the browser.
        nonce: comes back inside the ID token.
        verifier: of PKCE; the provider has seen its hash.
    """

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of the person. The name is for display and proves nothing."""

    issuer: str
    subject: str
    name: str | None


def check_issuer(issuer: str) -> str:
    """An issuer's URL as it is kept.

    Raises:
        Invalid: it is no URL of a provider.
    """
    try:
        parts = urlsplit(issuer)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.username is None
    except ValueError:
        usable = False
    if not usable or len(issuer) > LONGEST_URL or not issuer.isprintable() or "?" in issuer or "#" in issuer:
        fault = Fault("/issuer", "the URL that the provider calls its issuer, such as https://login.example")
        raise Invalid("The issuer cannot be used.", faults=[fault])
    return issuer


def discovery_url(issuer: str) -> str:
    """Where a provider describes itself."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def read_metadata(document: Mapping[str, Any], issuer: str) -> Metadata:
    """What a provider says of itself.

    Raises:
        ProviderMismatch: it calls itself something else.
        ProviderUnusable: something is missing that a sign-in needs.
    """
    if document.get("issuer") != issuer:
        raise ProviderMismatch("The provider calls itself by another issuer than the one that was entered.")
    authorization, token, keys = (
        document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    if not (isinstance(authorization, str) and isinstance(token, str) and isinstance(keys, str)):
        raise ProviderUnusable("The provider names no authorization endpoint, token endpoint or keys.")
    offered = document.get("id_token_signing_alg_values_supported", ["RS256"])
    algorithms = tuple(a for a in ALGORITHMS if isinstance(offered, list) and a in offered)
    if not algorithms:
        raise ProviderUnusable(f"The provider signs with none of {', '.join(ALGORITHMS)}.")
    ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Metadata(
        issuer,
        authorization,
        token,
        keys,
        algorithms=algorithms,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        basic=isinstance(ways, list) and "client_secret_basic" in ways,
    )


def authorization_url(metadata: Metadata, provider: Provider, flow: Flow) -> str:
    """Where the browser is sent."""
    from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    return str(
        prepare_grant_uri(
            metadata.authorization_endpoint,
            provider.client_id,
            "code",
            flow.redirect_uri,
            SCOPE,
            flow.state,
            nonce=flow.nonce,
            code_challenge=create_s256_code_challenge(flow.verifier),
            code_challenge_method="S256",
        )
    )


def check_answer(params: Mapping[str, str], metadata: Metadata) -> str:
    """The authorization code in the provider's answer.

    Raises:
        ProviderMismatch: the answer is another provider's, or does not say whose it is though it should.
        ProviderRefused: the provider did not sign the person in.
    """
    named = params.get("iss")
    if (named is None and metadata.names_itself) or (
        named is not None and not compare_digest(named.encode(), metadata.issuer.encode())
    ):
        raise ProviderMismatch("The answer came from another provider than the one that was asked.")
    code = params.get("code", "")
    if "error" in params or not 0 < len(code) <= LONGEST_TEXT:
        raise ProviderRefused("The provider did not sign you in.")
    return code


def code_exchange(metadata: Metadata, provider: Provider, flow: Flow, code: str) -> CodeExchange:
    """The request that trades the code for tokens."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": flow.redirect_uri,
        "code_verifier": flow.verifier,
    }
    return CodeExchange(
        metadata.token_endpoint, form, provider.client_id, provider.client_secret, metadata.basic
    )


def read_tokens(
    tokens: Mapping[str, Any], keys: Mapping[str, Any], metadata: Metadata, provider: Provider, nonce: str,
    now: datetime,
) -> Claims:  # fmt: skip
    """Whom the provider vouches for.

    Args:
        tokens: the token endpoint's answer.
        keys: the provider's JSON Web Key Set (RFC 7517).

    Raises:
        ProviderMismatch: the ID token is not signed by this provider, not for us, not for this sign-in,
            or not valid now.
    """
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        key_set = KeySet.import_key_set(_public_keys(keys))
        decoded = jwt.decode(str(tokens.get("id_token")), key_set, algorithms=metadata.algorithms)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": metadata.issuer},
                "aud": {"essential": True, "value": provider.client_id},
            },
            params={
                "nonce": nonce,
                "client_id": provider.client_id,
                "access_token": tokens.get("access_token"),
            },
        )
        claims.validate(int(now.timestamp()), CLOCK_SKEW_S)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        # Only the kind: the text may quote the token.
        raise ProviderMismatch(f"The provider's ID token is not valid: {type(error).__name__}.") from None
    subject, name = claims["sub"], claims.get("name")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or "\x00" in subject:
        raise ProviderMismatch("The provider's ID token names nobody.")
    return Claims(metadata.issuer, subject, name if isinstance(name, str) else None)


def _public_keys(keys: Mapping[str, Any]) -> Any:
    """The keys that verify signatures; others in the set, of types unknown here, are nobody's proof."""
    listed = keys.get("keys")
    usable = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
    ]
    if not usable:
        raise ValueError("no key")
    return {"keys": usable}
