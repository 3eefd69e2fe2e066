"""Decisions about bearer tokens and other secrets of 256 bits."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from aei_marketplace.accounts.errors import AccountDisabled, TokenExpired, TokenRevoked, UnknownToken
from aei_marketplace.accounts.rules.places import actions_of, stays_within
from aei_marketplace.accounts.rules.roles import ALL_ACTIONS
from aei_marketplace.ground.errors import Fault, Invalid, NotAllowed

TOKEN_LIFETIME = timedelta(days=30)
LONGEST_LIFETIME = timedelta(days=366)
_TOKEN = re.compile(r"aei_[A-Za-z0-9_-]{43}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class TokenState:
    """What is known of a token when it is shown.

    Attributes:
        tenant_actions, staff_actions: what the owner's roles grant in either realm.
        scopes: actions that the token is limited to, some with a place (see `places`), or `*`.
    """

    token_id: UUID
    user_id: UUID
    kind: str
    name: str
    tenant_id: UUID | None
    tenant_slug: str | None
    tenant_actions: Sequence[str]
    staff_actions: Sequence[str]
    scopes: Sequence[str]
    expires_at: datetime
    revoked_at: datetime | None
    disabled_at: datetime | None

    @classmethod
    def read(cls, row: str) -> "TokenState":
        """The database's row of it as JSON."""
        return msgspec.json.decode(row, type=cls)


def check_token(state: TokenState, now: datetime) -> None:
    """Whether the token opens anything.

    Raises:
        AccountDisabled, TokenRevoked, TokenExpired: it does not, and why.
    """
    if state.disabled_at is not None:
        raise AccountDisabled("The account behind this token is closed.")
    if state.revoked_at is not None:
        raise TokenRevoked(f"The token was revoked at {state.revoked_at:%Y-%m-%d %H:%M} UTC.")
    if now >= state.expires_at:
        raise TokenExpired(f"The token expired at {state.expires_at:%Y-%m-%d %H:%M} UTC.")


def effective_actions(
    tenant_id: UUID | None, tenant_actions: Iterable[str], staff_actions: Iterable[str], scopes: Iterable[str]
) -> frozenset[str]:
    """What a token grants: its realm's actions, within its scopes.

    A token of a tenant never carries staff actions, so that staff who also belong to a tenant cannot
    act across tenants by mistake.
    """
    granted = frozenset(staff_actions if tenant_id is None else tenant_actions)
    wanted = actions_of(scopes)
    return granted if "*" in wanted else granted & wanted


def new_token() -> str:
    """A token of 256 random bits: `aei_` and 43 letters."""
    return "aei_" + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token: its SHA-256. A plain hash suffices for 256 random bits.

    Raises:
        UnknownToken: the text is not spelled like a token.
    """
    if not _TOKEN.fullmatch(token):
        raise UnknownToken("This is not a token of this marketplace: they begin with aei_.")
    return hashlib.sha256(token.encode()).digest()


def token_expiry(now: datetime, lifetime: timedelta | None) -> datetime:
    """When a token issued now expires; 30 days unless asked otherwise.

    Raises:
        Invalid: the lifetime is not between a moment and 366 days.
    """
    wanted = TOKEN_LIFETIME if lifetime is None else lifetime
    if not timedelta(0) < wanted <= LONGEST_LIFETIME:
        raise Invalid("The lifetime is out of range.", faults=[Fault("/days", "between 1 and 366 days")])
    return now + wanted


def check_scopes(scopes: Sequence[str]) -> tuple[str, ...]:
    """Scopes as they are stored.

    Raises:
        Invalid: an unknown action, a place that is none, or no scope at all.
    """
    unknown = sorted(actions_of(scopes) - ALL_ACTIONS - {"*"})
    if unknown or not scopes:
        message = f"unknown: {', '.join(unknown)[:200]}" if unknown else "name at least one action, or *"
        raise Invalid("The scopes cannot be used.", faults=[Fault("/scopes", message)])
    return tuple(sorted(set(scopes)))


def check_reach(
    scopes: Sequence[str], held: frozenset[str] | None, places: frozenset[str] | None = None
) -> None:
    """A limited token cannot issue a token that reaches further than itself.

    Args:
        held: the actions that the issuing token is limited to; None when it is not limited.
        places: the plugins and namespaces that it publishes in; None when it is not limited to any.

    Raises:
        NotAllowed: the new scopes go beyond.
    """
    within = held is None or actions_of(scopes) <= held
    if not within or not stays_within(scopes, places):
        raise NotAllowed(
            "The new token would reach further than the one you use.",
            advice="Leave out scopes that your own token lacks, or use a token without limits.",
        )


def new_secret() -> str:
    """A secret of 256 random bits: 43 letters."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes | None:
    """What is stored of such a secret; None when the text is not spelled like one."""
    return hashlib.sha256(secret.encode()).digest() if _SECRET.fullmatch(secret) else None
