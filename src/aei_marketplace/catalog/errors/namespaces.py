"""Who belongs to a namespace, and how it changes hands."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany


class NamespaceForeign(NotAllowed):
    """The namespace belongs to another publisher."""

    type = "namespace-foreign"
    advice = "Publish under a namespace of your own: change the part of the id before the dot."


class NoSuchNamespace(NotFound):
    """The actor's tenant has no such namespace; another's looks the same."""

    type = "no-such-namespace"
    title = "No such namespace"
    advice = "/api/namespaces shows those of your tenant."


class NotInNamespace(NotAllowed):
    """The namespace is its members' alone, or what is asked is its owners'."""

    type = "not-in-namespace"
    title = "Not for you in this namespace"
    advice = "Ask an owner of the namespace, or an Admin of your tenant."


class NoSuchNamespaceMember(NotFound):
    """Nobody of that name belongs to the namespace, or to the tenant."""

    type = "no-such-namespace-member"
    advice = "Members belong to the tenant first; an Admin invites people into it."


class FirstMemberOwns(Conflict):
    """The first member of a namespace has to be an owner."""

    type = "first-member-owns"
    advice = "Name an owner first."


class LastOwner(Conflict):
    """Without them the namespace would have no owner."""

    type = "last-owner"
    title = "The last owner"
    advice = "Name another owner first, or open the namespace to all who publish for your tenant."


class TransferToOneself(Invalid):
    """The namespace would stay where it is."""

    type = "transfer-to-oneself"


class TransferOffered(Conflict):
    """The namespace is offered to somebody already."""

    type = "transfer-offered"
    advice = "Take that offer back first."


class TooManyOffers(TooMany):
    """The tenant offered namespaces as often as it may within a day."""

    type = "too-many-offers"


class NoSuchTransfer(NotFound):
    """Nobody offers this namespace, or not to or from the actor's tenant."""

    type = "no-such-transfer"


class TransferEnded(Conflict):
    """The offer was accepted, taken back or declined, or its time is over."""

    type = "transfer-ended"
    advice = "/api/namespace-transfers shows what became of it; a new offer can be made."
