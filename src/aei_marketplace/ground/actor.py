"""Who acts, and what they may do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from aei_marketplace.ground.errors import NotAllowed, NotSignedIn

#: The one action that a token can be limited to plugins and namespaces in.
PUBLISH = "plugin.publish"


class ActorKind(StrEnum):
    """What sort of actor."""

    USER = "user"
    SERVICE = "service"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts in one request or job.

    Attributes:
        id: the user's or service's id; None for anonymous visitors and for the system's own jobs.
        name: how people call them; never written into an audit entry in clear.
        tenant: the tenant they act in, None for staff and visitors.
        tenant_slug: that tenant's short name.
        actions: what they may do, tenant and staff actions together (the names are disjoint).
        staff: whether they hold a staff role, and so see across tenants.
        token: the id of the token they came with.
        scoped: whether that token is limited to some of their actions.
        publishes: the plugins (`acme.echo`) and namespaces (`acme.*`) that it may publish in; None when it
            is not limited to any.
        session: the id of the browser's session they came with.
        proven_until: until when that session's last proof counts as recent.
    """

    kind: ActorKind
    id: UUID | None = None
    name: str = ""
    tenant: UUID | None = None
    tenant_slug: str | None = None
    actions: frozenset[str] = frozenset()
    staff: bool = False
    token: UUID | None = None
    scoped: bool = False
    publishes: frozenset[str] | None = None
    session: UUID | None = None
    proven_until: datetime | None = None

    def may(self, action: str) -> bool:
        """Whether the actor holds the action."""
        return self.kind is ActorKind.SYSTEM or action in self.actions

    def require(self, action: str, plugin: str | None = None) -> None:
        """Stop here unless the actor holds the action.

        Args:
            plugin: the plugin that is published or changed, or a namespace as `acme.*`. A token that is
                limited to some publishes nothing where none is named.

        Raises:
            NotSignedIn: nobody is signed in.
            NotAllowed: the actor's roles and token scopes do not grant it.
        """
        self.require_somewhere(action)
        if action == PUBLISH and self.publishes is not None and not reaches(self.publishes, plugin):
            raise OutOfReach(self.publishes, plugin)

    def require_somewhere(self, action: str) -> None:
        """Stop here unless the actor holds the action somewhere: a look before the body is read.

        Raises:
            NotSignedIn, NotAllowed: as `require`.
        """
        if self.may(action):
            return
        if self.kind is ActorKind.ANONYMOUS:
            raise NotSignedIn(f"This needs the action {action}, and nobody is signed in.")
        raise MissingAction(action)

    def require_recent_proof(self, now: datetime) -> None:
        """Stop here unless whoever sits at the browser has lately proven who they are.

        Bearer tokens pass: no person could be asked, and a token is a secret of its own, limited in
        scope and time, that a browser left alone does not give away. Issuing one asks for the proof.

        Raises:
            ProofNeeded: the session's last proof is too old.
        """
        if self.session is not None and (self.proven_until is None or now >= self.proven_until):
            raise ProofNeeded("This needs a fresh proof that it is you.")

    def in_tenant(self) -> UUID:
        """The tenant acted in.

        Raises:
            NotAllowed: the actor acts in none, as staff and visitors do.
        """
        if self.tenant is None:
            raise NoTenant("This happens inside a tenant, and your token belongs to none.")
        return self.tenant


class MissingAction(NotAllowed):
    """The actor lacks one action; `action` names it for the audit entry."""

    type = "missing-action"

    def __init__(self, action: str) -> None:
        super().__init__(
            f"Your role does not grant the action {action}, or your token's scopes leave it out."
        )
        self.action = action


class OutOfReach(NotAllowed):
    """The token publishes elsewhere: it is limited to some plugins or namespaces."""

    type = "token-out-of-reach"
    advice = "Use a token for this plugin or namespace, or one that is not limited."

    def __init__(self, places: frozenset[str], plugin: str | None) -> None:
        where = ", ".join(sorted(places))
        what = "this concerns all of your publisher" if plugin is None else f"this concerns {plugin}"
        super().__init__(f"Your token publishes {where} alone, and {what}.")


class ProofNeeded(NotAllowed):
    """The session's last proof is too old for what is asked."""

    type = "proof-needed"
    title = "Prove that it is you"
    advice = "Confirm with your passkey, or your password where you have none, and try again."


class NoTenant(NotAllowed):
    """A staff token where a tenant's is needed."""

    type = "no-tenant"
    advice = "Use a token of a member of the tenant."


def system_actor(job: str) -> Actor:
    """The marketplace itself, doing the named job."""
    return Actor(kind=ActorKind.SYSTEM, name=job)


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS)


def reaches(places: frozenset[str], plugin: str | None) -> bool:
    """Whether a plugin's id, or a namespace as `acme.*`, is one of these places or within one."""
    return plugin is not None and bool(places & {plugin, f"{plugin.partition('.')[0]}.*"})
