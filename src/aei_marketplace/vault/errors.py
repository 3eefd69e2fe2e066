"""Why a secret is refused."""

from aei_marketplace.ground.errors import Invalid, NotFound


class SecretUnfit(Invalid):
    """The name or the value cannot be kept."""

    type = "secret-unfit"
    title = "The secret cannot be kept"


class NoSuchSecret(NotFound):
    """The tenant has no secret of this name."""

    type = "no-such-secret"
    title = "No such secret"
    advice = "GET /api/secrets lists the names."


class SealBroken(Exception):
    """A sealed value does not open: another master key, or a changed row. Nothing of it is shown."""
