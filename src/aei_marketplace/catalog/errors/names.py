"""Why a name cannot be had."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound


class NamespaceReserved(Invalid):
    """The namespace is kept for the marketplace itself."""

    type = "namespace-reserved"
    advice = (
        "Choose another namespace, for example your organisation's short name, or ask for it at"
        " /api/name-claims with the reason."
    )


class NameConfusable(Conflict):
    """The name would be taken for one of another publisher; `resembles` says which, `likeness` why."""

    type = "name-confusable"
    title = "The name resembles another publisher's"
    advice = "Choose another name, or ask for this one at /api/name-claims and say why it is yours."


class NothingRefused(Conflict):
    """The name can be had without asking."""

    type = "name-not-refused"
    advice = "Claim it at /api/namespaces, or publish under it."


class NoSuchNameClaim(NotFound):
    """There is no such wish for a name, or none that the caller may see."""

    type = "no-such-name-claim"


class NamespaceTaken(Conflict):
    """Another publisher claimed the namespace first."""

    type = "namespace-taken"
    advice = "Choose another namespace; who claims one first owns it."
