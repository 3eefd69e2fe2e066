"""Signatures of packages."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound


class SignatureRequired(Invalid):
    """The publisher decided that every release is signed."""

    type = "signature-required"
    title = "The package is not signed"
    advice = "Sign it: aei plugin publish --sign; or change the decision at /api/signing-policy."


class SignatureNotAccepted(Invalid):
    """The signature does not stand for this package; the code in `errors` says why."""

    type = "signature-refused"
    title = "The signature was refused"
    advice = (
        "Sign the very file that you publish, with a key that `aei key list` shows and that is not revoked."
    )


class SignatureBroken(Conflict):
    """What would be installed is not what its publisher signed."""

    type = "signature-broken"
    title = "The signature does not hold any more"
    advice = "Do not use this release. Tell the operator: stored content was changed or lost."


class NoSignature(NotFound):
    """The release was published without a signature."""

    type = "no-signature"
    title = "Not signed"
    advice = ""


class NoSuchSigningKey(NotFound):
    """The publisher has no such key that could still sign."""

    type = "no-such-signing-key"


class SigningKeyKnown(Conflict):
    """The publisher registered this key before."""

    type = "signing-key-known"
    advice = "`aei key list` shows it. A key that was revoked does not come back: make a new one."


class TooManySigningKeys(Conflict):
    """The publisher has as many keys as are kept."""

    type = "too-many-signing-keys"
    advice = "Use one of those that you have."
