"""Publishing by identity tokens."""

from aei_marketplace.ground.errors import Conflict, NotAllowed, NotFound, NotSignedIn, Unavailable


class IdentityTokenRefused(NotSignedIn):
    """The identity token proves nothing here; the code in `errors` says why."""

    type = "identity-token-refused"
    title = "The identity token was refused"
    advice = "Have the build service make a fresh one for the audience that /api/trusted-publishing names."


class NotTrustedPublisher(NotAllowed):
    """The workflow is who it says, and the plugin does not trust it."""

    type = "not-a-trusted-publisher"
    title = "This workflow is not trusted"
    advice = (
        "The plugin's publisher names issuer, repository and workflow at /api/trusted-publishers, exactly."
    )


class TrustedPublishingOff(Unavailable):
    """Identity tokens are made for an address, and this marketplace has none."""

    type = "trusted-publishing-off"
    title = "Trusted publishing is off"
    advice = "Its operator sets AEI_PUBLIC_URL."
    retry = False


class NoSuchTrustedPublisher(NotFound):
    """The tenant trusts no such workflow."""

    type = "no-such-trusted-publisher"


class TrustedPublisherKnown(Conflict):
    """The plugin trusts this workflow already."""

    type = "trusted-publisher-known"


class TooManyTrustedPublishers(Conflict):
    """The plugin trusts as many workflows as it can."""

    type = "too-many-trusted-publishers"
    advice = "Remove one that is not used any more."
