"""Decisions about who may act: roles, secrets, sessions, names. No I/O, and no clock of their own."""

from aei_marketplace.accounts.rules.closing import LONGEST_REASON, check_closing, check_staff_change
from aei_marketplace.accounts.rules.names import check_email, check_name, check_password, check_slug
from aei_marketplace.accounts.rules.places import places_of
from aei_marketplace.accounts.rules.roles import (
    ALL_ACTIONS,
    STAFF_ROLES,
    TENANT_ACTIONS,
    TENANT_ROLES,
    check_granted,
    check_role_actions,
    check_role_name,
)
from aei_marketplace.accounts.rules.sessions import (
    SessionState,
    check_session,
    choose_tenant,
    session_actor,
)
from aei_marketplace.accounts.rules.tokens import (
    TokenState,
    check_reach,
    check_scopes,
    check_token,
    effective_actions,
    new_secret,
    new_token,
    secret_hash,
    token_expiry,
    token_hash,
)

__all__ = [
    "ALL_ACTIONS",
    "LONGEST_REASON",
    "STAFF_ROLES",
    "TENANT_ACTIONS",
    "TENANT_ROLES",
    "SessionState",
    "TokenState",
    "check_closing",
    "check_email",
    "check_granted",
    "check_name",
    "check_password",
    "check_reach",
    "check_role_actions",
    "check_role_name",
    "check_scopes",
    "check_session",
    "check_slug",
    "check_staff_change",
    "check_token",
    "choose_tenant",
    "effective_actions",
    "new_secret",
    "new_token",
    "places_of",
    "secret_hash",
    "session_actor",
    "token_expiry",
    "token_hash",
]
