"""What can be done with accounts."""

from aei_marketplace.accounts.service.members import (
    add_member,
    add_staff,
    create_user,
    find_user,
    list_members,
    list_roles,
    remove_member,
    write_builtin_roles,
)
from aei_marketplace.accounts.service.signing_in import actor_for, authenticate, sign_in
from aei_marketplace.accounts.service.tenants import (
    create_tenant,
    find_policies,
    find_tenant,
    list_tenants,
    policies_in_force,
    save_policies,
)
from aei_marketplace.accounts.service.tokens import Token, issue_token, list_tokens, revoke_token

__all__ = [
    "Token",
    "actor_for",
    "add_member",
    "add_staff",
    "authenticate",
    "create_tenant",
    "create_user",
    "find_policies",
    "find_tenant",
    "find_user",
    "issue_token",
    "list_members",
    "list_roles",
    "list_tenants",
    "list_tokens",
    "policies_in_force",
    "remove_member",
    "revoke_token",
    "save_policies",
    "sign_in",
    "write_builtin_roles",
]
