"""Who is taken off the staff, and which tenant is closed, without locking somebody out for good."""

from collections.abc import Collection
from uuid import UUID

from aei_marketplace.accounts.errors import LastAdmin, LastTenant, OwnRoles, OwnTenant

#: The longest reason for closing a tenant, in characters.
LONGEST_REASON = 2000


def check_staff_change(
    actor: UUID | None, user: UUID, after: Collection[str], operators: Collection[UUID]
) -> None:
    """Whether somebody's staff roles may become these.

    Args:
        actor: who changes them; None for a named job.
        operators: who holds the role Operator now.

    Raises:
        OwnRoles: they are the actor's own.
        LastAdmin: nobody could operate the marketplace any more.
    """
    if actor == user:
        raise OwnRoles("These roles are your own.")
    if "Operator" not in after and set(operators) == {user}:
        raise LastAdmin("This is the last Operator.", advice="Make somebody else an Operator first.")


def check_closing(tenant: UUID, still_open: Collection[UUID], *, belongs: bool) -> None:
    """Whether a tenant that is open may be closed.

    Args:
        still_open: all tenants that are.
        belongs: whether the actor is a member of it.

    Raises:
        OwnTenant: the actor would lock themselves out of it.
        LastTenant: nobody could use the marketplace any more.
    """
    if belongs:
        raise OwnTenant("You belong to this tenant yourself.")
    if set(still_open) == {tenant}:
        raise LastTenant("This is the only tenant that is open.")
