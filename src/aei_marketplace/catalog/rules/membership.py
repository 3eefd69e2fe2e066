"""Who may do what in a namespace, and how one changes hands."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aei_marketplace.catalog.errors import (
    FirstMemberOwns,
    LastOwner,
    NoSuchNamespaceMember,
    TooManyOffers,
    TransferEnded,
    TransferToOneself,
)

#: How long an offer can be accepted.
OFFER_LASTS = timedelta(days=7)
#: Each offer is a mail to people of another tenant.
MOST_OFFERS, OFFERS_WITHIN = 20, timedelta(days=1)


class NamespaceRole(StrEnum):
    """What a member of a namespace is. An owner may do all, a maintainer publish and look after releases."""

    OWNER = "owner"
    MAINTAINER = "maintainer"


class Right(StrEnum):
    """What can be done in a namespace, beside the tenant's action `plugin.publish`.

    `publish`: publish, change states, roll out. `delegate`: say which workflows publish, and with which
    keys and domains. `administer`: name members, hand the namespace over.
    """

    PUBLISH = "publish"
    DELEGATE = "delegate"
    ADMINISTER = "administer"


class TransferState(StrEnum):
    """How an offer stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to a namespace of their tenant.

    Attributes:
        role: what they are named as; None when they are not.
        members_only: whether the namespace is its members' alone.
        administers: whether they administer the tenant's members, and so every namespace of it.
    """

    role: NamespaceRole | None
    members_only: bool
    administers: bool

    def may(self, right: Right) -> bool:
        """Whether they have a right there."""
        if self.administers or self.role is NamespaceRole.OWNER:
            return True
        if not self.members_only:
            return right is not Right.ADMINISTER
        return self.role is NamespaceRole.MAINTAINER and right is Right.PUBLISH


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who belongs to a namespace."""

    user_id: UUID
    role: NamespaceRole
    named_by: UUID | None
    named_at: datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """An offer of a namespace to another tenant.

    Attributes:
        from_slug, to_slug: the short names of the two tenants.
        ended_at: when it was accepted, withdrawn, declined or found expired; None before.
    """

    id: UUID
    namespace: str
    from_tenant: UUID
    to_tenant: UUID
    from_slug: str
    to_slug: str
    state: TransferState
    offered_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    def state_at(self, now: datetime) -> TransferState:
        """How it stands; an offer whose time is over has expired, whether or not that was written down."""
        over = self.state is TransferState.OFFERED and now >= self.expires_at
        return TransferState.EXPIRED if over else self.state


def check_named(members: Mapping[UUID, NamespaceRole], user: UUID, role: NamespaceRole) -> None:
    """Whether somebody may be named as this, or be it from now on.

    Raises:
        FirstMemberOwns: nobody is an owner yet, and they would be none.
        LastOwner: they are the last one.
    """
    if role is NamespaceRole.OWNER:
        return
    if not members:
        raise FirstMemberOwns("A namespace with members has an owner, and it has no member yet.")
    _keep_an_owner(members, user)


def check_removed(members: Mapping[UUID, NamespaceRole], user: UUID) -> None:
    """Whether somebody may leave, or be removed.

    Raises:
        NoSuchNamespaceMember: they are no member.
        LastOwner: they are the last owner.
    """
    if user not in members:
        raise NoSuchNamespaceMember("The namespace has no such member.")
    _keep_an_owner(members, user)


def check_offer(own: UUID, to_tenant: UUID) -> None:
    """Whether a namespace can be offered to a tenant.

    Raises:
        TransferToOneself: it is that tenant's.
    """
    if own == to_tenant:
        raise TransferToOneself("The namespace belongs to that tenant already.")


def check_frequency(offered_at: Sequence[datetime], now: datetime) -> None:
    """Whether a tenant may make one more offer.

    Args:
        offered_at: when it made those of the last day, the oldest first.

    Raises:
        TooManyOffers: it made as many as it may.
    """
    if len(offered_at) >= MOST_OFFERS:
        free_at = offered_at[len(offered_at) - MOST_OFFERS] + OFFERS_WITHIN
        seconds = math.ceil((free_at - now).total_seconds())
        raise TooManyOffers(f"Your tenant has made {MOST_OFFERS} offers within a day.", retry_after=seconds)


def check_open(transfer: Transfer, now: datetime) -> None:
    """Whether an offer still waits for an answer.

    Raises:
        TransferEnded: it does not; says how it ended.
    """
    state = transfer.state_at(now)
    if state is not TransferState.OFFERED:
        raise TransferEnded(f"The offer of {transfer.namespace} was {_ENDED[state]}.")


_ENDED = {
    TransferState.ACCEPTED: "accepted already",
    TransferState.WITHDRAWN: "taken back",
    TransferState.DECLINED: "declined",
    TransferState.EXPIRED: "not answered in time",
}


def _keep_an_owner(members: Mapping[UUID, NamespaceRole], user: UUID) -> None:
    others = [role for member, role in members.items() if member != user]
    if members.get(user) is NamespaceRole.OWNER and NamespaceRole.OWNER not in others:
        raise LastOwner("This is the namespace's last owner.")
