"""Identity tokens of build services: whose word counts, for which workflow, and what makes it void.

A token is a JWT (RFC 7519) that names a repository and the workflow in it. Two forms are known: the
claims `repository` and `workflow_ref` (or `workflow`), and `project_path` and `ci_config_ref_uri`.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from aei_marketplace.catalog.errors import IdentityTokenRefused
from aei_marketplace.ground.errors import Fault, Invalid

#: Signatures that public keys verify. `none`, and keys shared with others, are no proof.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
MOST_BYTES = 16 * 1024
CLOCK_SKEW_S = 30
#: A token that lives longer is refused: until it expires we remember that it was used.
LONGEST_LIFE = timedelta(hours=24)
#: How long the token that is given for it publishes.
PUBLISHES_FOR = timedelta(minutes=15)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a token says of itself; nothing of it is proven."""

    issuer: str
    key_id: str | None


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow that may publish a plugin.

    Attributes:
        issuer: who vouches for it.
        repository: as the issuer names it, for example `acme/echo`.
        workflow: the file in the repository, for example `.github/workflows/release.yml`.
        environment: the deployment environment that it must run in; None for any.
    """

    issuer: str
    repository: str
    workflow: str
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified token proves.

    Attributes:
        repository_id: what the repository keeps when it is renamed, and what a new one of its old name
            has not; None where the issuer does not say.
        token_id: what the token is remembered by.
    """

    workflow: Workflow
    repository_id: str | None
    token_id: str
    expires_at: datetime


def check_workflow(wanted: Workflow, trusted: frozenset[str]) -> Workflow:
    """A workflow as it is bound to a plugin.

    Raises:
        Invalid: the issuer is not trusted here, or a part is missing, too long or unprintable.
    """
    faults = []
    if wanted.issuer not in trusted:
        known = ", ".join(sorted(trusted)) or "none; the operator names them in AEI_TRUSTED_ISSUERS"
        faults.append(Fault("/issuer", f"not trusted here; trusted are {known}"))
    for name in ("repository", "workflow", "environment"):
        value = getattr(wanted, name)
        if value is not None and not (
            0 < len(value) <= _LONGEST and value.isprintable() and " " not in value
        ):
            faults.append(Fault(f"/{name}", f"1 to {_LONGEST} characters without spaces"))
    if faults:
        raise Invalid("The workflow cannot be trusted.", faults=faults)
    return wanted


def read_claimed(token: str) -> Claimed:
    """Who is said to have made a token, so that their keys can be looked up.

    Raises:
        IdentityTokenRefused: it is no JWT, or names no issuer.
    """
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MOST_BYTES or not token.isascii():
        raise refused("malformed", "It is no JWT in compact form.")
    header, claims = _part(parts[0]), _part(parts[1])
    issuer, key_id = claims.get("iss"), header.get("kid")
    if not isinstance(issuer, str) or not isinstance(key_id, str | None):
        raise refused("malformed", "It names no issuer.")
    return Claimed(issuer, key_id)


def read_identity(token: str, keys: Mapping[str, Any], issuer: str, audience: str, now: datetime) -> Identity:
    """What a token proves.

    Args:
        keys: the issuer's key set.
        audience: what the token must have been made for: this marketplace.

    Raises:
        IdentityTokenRefused: it proves nothing here; the code says why.
    """
    claims = _verified(token, keys)
    _check_claims(claims, issuer, audience, now)
    repository, workflow = _place(claims, issuer)
    environment = claims.get("environment")
    repository_id = claims.get("repository_id", claims.get("project_id"))
    return Identity(
        Workflow(issuer, repository, workflow, environment if isinstance(environment, str) else None),
        None if repository_id is None else str(repository_id)[:_LONGEST],
        _token_id(token, claims),
        datetime.fromtimestamp(claims["exp"], UTC),
    )


def refused(code: str, message: str) -> IdentityTokenRefused:
    """The refusal of a token; it repeats nothing of it."""
    return IdentityTokenRefused(f"The identity token proves nothing here. {message}", faults=[
        Fault("/identity_token", message, code)
    ])  # fmt: skip


def _verified(token: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    # Loaded here, so that a marketplace nobody publishes to in this way starts without it.
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    usable = [k for k in keys["keys"] if k.get("kty") in _KEY_TYPES and k.get("use", "sig") == "sig"]
    header = _part(token.split(".")[0])
    pinned = {k.get("alg") for k in usable if header.get("kid") in (None, k.get("kid"))} - {None}
    if pinned and header.get("alg") not in pinned:
        raise refused("signature", "It is signed with another algorithm than its issuer's key is for.")
    try:
        return dict(jwt.decode(token, KeySet.import_key_set({"keys": usable}), list(ALGORITHMS)).claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise refused(
            "signature", f"Its signature is none of its issuer's ({type(error).__name__})."
        ) from None


def _check_claims(claims: Mapping[str, Any], issuer: str, audience: str, now: datetime) -> None:
    from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
    from joserfc.jwt import JWTClaimsRegistry

    registry = JWTClaimsRegistry(
        int(now.timestamp()),
        CLOCK_SKEW_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate(dict(claims))
    except ExpiredTokenError:
        raise refused("expired", "Its time is over.") from None
    except MissingClaimError as error:
        raise refused("incomplete", f"It lacks a claim: {error.description}.") from None
    except InvalidClaimError as error:
        raise refused("claims", f"A claim does not fit: {error.description}.") from None
    except JoseError as error:
        raise refused("claims", f"Its claims do not fit ({type(error).__name__}).") from None
    if claims["exp"] - now.timestamp() > LONGEST_LIFE.total_seconds():
        raise refused("claims", "It lives longer than a day.")


def _place(claims: Mapping[str, Any], issuer: str) -> tuple[str, str]:
    """Repository and workflow."""
    if isinstance(repository := claims.get("repository"), str):
        return repository, _file(claims, "workflow_ref", f"{repository}/", "workflow")
    if isinstance(project := claims.get("project_path"), str):
        return project, _file(claims, "ci_config_ref_uri", f"{urlsplit(issuer).netloc}/{project}//", None)
    raise refused("incomplete", "It names no repository.")


def _file(claims: Mapping[str, Any], name: str, prefix: str, plain: str | None) -> str:
    """The workflow's file, which must lie in the repository itself."""
    reference = claims.get(name)
    if reference is None and plain is not None and isinstance(claims.get(plain), str):
        return str(claims[plain])
    if not isinstance(reference, str) or not reference.startswith(prefix):
        raise refused("incomplete", "It names no workflow of its repository.")
    return _without_ref(reference.removeprefix(prefix), claims)


def _without_ref(place: str, claims: Mapping[str, Any]) -> str:
    """The file alone. What the issuer says was checked out is taken off whole: tags hold `@` as well."""
    for name in ("ref", "ref_path", "sha"):
        ref = claims.get(name)
        if isinstance(ref, str) and ref and place.endswith(f"@{ref}"):
            return place.removesuffix(f"@{ref}")
    return place.rpartition("@")[0] or place


def _token_id(token: str, claims: Mapping[str, Any]) -> str:
    """`jti`; without one the digest of what is signed, for a signature can be written in several ways."""
    named = claims.get("jti")
    if isinstance(named, str) and 0 < len(named) <= _LONGEST:
        return "jti:" + named
    return "sha256:" + hashlib.sha256(token.rpartition(".")[0].encode()).hexdigest()


def _part(text: str) -> dict[str, Any]:
    try:
        document = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError) as error:
        raise refused("malformed", "It is no JWT in compact form.") from error
    if not isinstance(document, dict):
        raise refused("malformed", "It is no JWT in compact form.")
    return document
