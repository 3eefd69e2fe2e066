"""Refusals of the accounts."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound, NotSignedIn


class UnknownToken(NotSignedIn):
    """The token was never issued here, or is not spelled like one."""

    type = "unknown-token"


class TokenExpired(NotSignedIn):
    """The token's time is over."""

    type = "token-expired"
    advice = "Issue a new one with `aei-marketplace token` or on the page of your tokens, then `aei login`."


class TokenRevoked(NotSignedIn):
    """Somebody took the token back."""

    type = "token-revoked"
    advice = "Ask an Admin of your tenant for a new one."


class AccountDisabled(NotSignedIn):
    """The account behind the token was closed."""

    type = "account-disabled"
    advice = "Ask an Admin of your tenant."


class WrongPassword(NotSignedIn):
    """E-mail and password do not belong together."""

    type = "wrong-password"
    advice = "Check both; after several attempts wait a minute."


class SlugTaken(Conflict):
    """A tenant of that name exists."""

    type = "slug-taken"
    advice = "Choose another short name."


class EmailTaken(Conflict):
    """A user with that e-mail exists."""

    type = "email-taken"


class UnknownRole(Invalid):
    """There is no such role in that realm."""

    type = "unknown-role"


class NoSuchTenant(NotFound):
    """There is no such tenant, or you are no member of it."""

    type = "no-such-tenant"


class NoSuchUser(NotFound):
    """There is no such user that you may know of."""

    type = "no-such-user"


class NoSuchToken(NotFound):
    """There is no such token of yours."""

    type = "no-such-token"


class LastAdmin(Conflict):
    """Without this member nobody could administer the tenant."""

    type = "last-admin"
    advice = "Make somebody else an Admin first."
