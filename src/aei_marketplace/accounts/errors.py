"""Refusals of the accounts."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn, Unavailable


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


class HasMembers(Conflict):
    """Staff invite nobody into a tenant that has members."""

    type = "tenant-has-members"
    advice = "Ask an Admin of the tenant for an invitation."


class LastAdmin(Conflict):
    """Without this member nobody could administer the tenant."""

    type = "last-admin"
    advice = "Make somebody else an Admin first."


class SessionEnded(NotSignedIn):
    """The session was ended, by its person or by somebody who may."""

    type = "session-ended"
    advice = "Sign in again."


class SessionExpired(NotSignedIn):
    """The session was not used for too long, or is too old."""

    type = "session-expired"
    advice = "Sign in again."


class UnknownSession(NotSignedIn):
    """No session has this secret."""

    type = "unknown-session"
    advice = "Sign in again."


class NoSuchSession(NotFound):
    """There is no such session of yours."""

    type = "no-such-session"


class SessionNeeded(NotAllowed):
    """Only the session of a browser can do this, not a token."""

    type = "session-needed"
    advice = "Sign in with a browser."


class SignInLost(NotSignedIn):
    """The answer belongs to no sign-in that began in this browser, or to one that is over."""

    type = "sign-in-lost"
    advice = "Begin again: a sign-in may take ten minutes, in one browser, and is used once."


class PasskeyNeeded(NotSignedIn):
    """The account has a passkey, and a password alone does not open it."""

    type = "passkey-needed"
    advice = "Sign in with a browser, and issue a token on the page of your tokens."


class PasskeyRefused(NotSignedIn):
    """The answer of a passkey does not fit what was asked."""

    type = "passkey-refused"
    advice = "Try again, with a passkey that you registered here."


class NoSuchPasskey(NotFound):
    """There is no such passkey of yours."""

    type = "no-such-passkey"


class PasskeyTaken(Conflict):
    """This passkey is registered already, or there are too many."""

    type = "passkey-taken"


class ProviderRefused(NotSignedIn):
    """The provider of sign-in said no."""

    type = "provider-refused"
    advice = "Try again, or sign in another way."


class ProviderMismatch(NotSignedIn):
    """What came back is not from the provider that was asked, or not for this sign-in."""

    type = "provider-mismatch"
    advice = "Begin again. If it happens again, tell whoever looks after the provider."


class ProviderUnusable(Unavailable):
    """The provider of sign-in does not answer as it should."""

    type = "provider-unusable"
    advice = "Try again shortly; if it lasts, tell whoever looks after the provider."


class NoSuchProvider(NotFound):
    """There is no such provider of sign-in."""

    type = "no-such-provider"


class ProviderTaken(Conflict):
    """There is a provider of that name."""

    type = "provider-taken"


class UnknownIdentity(NotSignedIn):
    """Nobody here is linked to this account of the provider."""

    type = "unknown-identity"
    advice = "Sign in another way and link it on your account's page, or use an invitation."


class IdentityTaken(Conflict):
    """This account of the provider belongs to somebody here."""

    type = "identity-taken"


class NoSuchIdentity(NotFound):
    """There is no such link of yours."""

    type = "no-such-identity"


class LastWayIn(Conflict):
    """Without this there would be no way left to sign in."""

    type = "last-way-in"
    advice = "Set a password or link another provider first."


class LinkNotValid(NotFound):
    """The one-time link was used, taken back, is too old, or was never made."""

    type = "link-not-valid"
    advice = "Ask for a new one."


class NoSuchInvitation(NotFound):
    """There is no such invitation."""

    type = "no-such-invitation"


class BeyondOwnRights(NotAllowed):
    """Nobody grants more than they hold."""

    type = "beyond-own-rights"
    advice = "Ask somebody who holds these rights, such as an Admin."


class RoleTaken(Conflict):
    """There is a role of that name."""

    type = "role-taken"


class RoleInUse(Conflict):
    """Members or invitations have this role."""

    type = "role-in-use"
    advice = "Give them another role first."


class NoSuchRole(NotFound):
    """There is no such role of your tenant's own."""

    type = "no-such-role"
    advice = "Built-in roles stay as they are; make a role of your own."


class OwnRoles(Conflict):
    """Nobody changes their own roles on the staff."""

    type = "own-staff-roles"
    title = "Nobody changes their own staff roles"
    advice = "Ask another Operator."


class OwnTenant(Conflict):
    """Whoever belongs to a tenant does not close it."""

    type = "own-tenant"
    title = "This is your own tenant"
    advice = "Leave it first, or ask an Operator who does not belong to it."


class LastTenant(Conflict):
    """Without this tenant nobody could use the marketplace."""

    type = "last-tenant"
    title = "This is the last open tenant"
    advice = "Open another tenant first. To end the marketplace itself, stop it."
