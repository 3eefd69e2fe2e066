"""What roles grant, and what may be granted by whom."""

from collections.abc import Iterable

from aei_marketplace.accounts.errors import BeyondOwnRights
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Fault, Invalid

LONGEST_ROLE_NAME = 60

_READ = ("plugin.browse",)
_RUN = ("plugin.execute",)
_INSTALL = ("plugin.install", "plugin.publish")
_ADMINISTER = (
    "member.administer",
    "role.administer",
    "policy.administer",
    "secret.administer",
    "token.administer",
    "spend.administer",
    "audit.read",
)

#: The roles that every tenant has, and what they grant.
TENANT_ROLES: dict[str, tuple[str, ...]] = {
    "Admin": (*_READ, *_RUN, *_INSTALL, "review.write", "execution.read_all", *_ADMINISTER),
    "ProjectManager": (*_READ, *_RUN, *_INSTALL, "review.write", "execution.read_all"),
    "Agent": (*_READ, *_RUN),
    "Viewer": (*_READ, "review.write", "execution.read_all"),
}

_MODERATE = ("plugin.moderate", "review.moderate")
_REVENUE = ("revenue.administer",)
_CERTIFY = ("certification.decide",)
_CURATE = ("collection.curate",)

#: The roles of the operator's staff. A tenant can neither hold nor grant a staff action.
STAFF_ROLES: dict[str, tuple[str, ...]] = {
    "Operator": (
        *_MODERATE,
        *_CERTIFY,
        *_REVENUE,
        *_CURATE,
        "tenant.administer",
        "staff.administer",
        "killlist.administer",
        "policy.operate",
        "audit.read_all",
    ),
    "Moderator": _MODERATE,
    "Certifier": _CERTIFY,
    "Finance": _REVENUE,
    "Curator": _CURATE,
}

ALL_ACTIONS = frozenset(
    a for roles in (TENANT_ROLES, STAFF_ROLES) for actions in roles.values() for a in actions
)

TENANT_ACTIONS = frozenset(a for actions in TENANT_ROLES.values() for a in actions)


def check_role_name(name: str) -> str:
    """The name of a tenant's own role.

    Raises:
        Invalid: it is empty, too long, or that of a built-in role of either realm.
    """
    short = name.strip()
    if not 1 <= len(short) <= LONGEST_ROLE_NAME or not short.isprintable():
        raise Invalid("The role's name cannot be used.", faults=[Fault("/name", "1 to 60 characters")])
    if short.casefold() in {known.casefold() for known in (*TENANT_ROLES, *STAFF_ROLES)}:
        fault = Fault("/name", "a built-in role has this name", "taken")
        raise Invalid("The role's name cannot be used.", faults=[fault])
    return short


def check_role_actions(actions: Iterable[str]) -> tuple[str, ...]:
    """The actions of a tenant's own role.

    Raises:
        Invalid: there is none, or one is no action of tenants.
    """
    wanted = sorted(set(actions))
    unknown = [action for action in wanted if action not in TENANT_ACTIONS]
    if unknown or not wanted:
        message = f"no action of tenants: {', '.join(unknown)[:200]}" if unknown else "tick at least one"
        raise Invalid("The role's actions cannot be used.", faults=[Fault("/actions", message)])
    return tuple(wanted)


def check_granted(granted: Iterable[str], giver: Actor) -> None:
    """Nobody grants more than they hold.

    Raises:
        BeyondOwnRights: some of the actions are not the giver's own.
    """
    beyond = sorted(action for action in set(granted) if not giver.may(action))
    if beyond:
        raise BeyondOwnRights(f"This would grant what you do not hold yourself: {', '.join(beyond)}.")
