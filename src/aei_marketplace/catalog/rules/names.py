"""Which names can be had."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from aei_marketplace.catalog.errors import NameConfusable, NamespaceReserved, PluginNotFound
from aei_marketplace.catalog.rules.likeness import SAID, Likeness, Resemblance, closest, skeleton
from aei_marketplace.decisions.rules.kinds import CaseKind
from aei_marketplace.ground.errors import Fault, Invalid
from aei_protocol.identifiers import NAMESPACE, PluginId

#: Namespaces that would pass for the marketplace's own, or for a part of its addresses.
RESERVED = frozenset(
    {
        *("admin", "aei", "api", "auth", "login", "marketplace", "official", "operator", "registry"),
        *("root", "security", "staff", "support", "system"),
    }
)
#: Words by which a namespace would claim to be the marketplace's own, or its blessing, in any part of it.
_CLAIMING = {skeleton(word): word for word in ("aei", "official")}
LONGEST_REASON = 2000
#: The visibility of a plugin that everybody sees.
PUBLIC = "public"


class Verdict(StrEnum):
    """How a wish for a refused name is answered."""

    GRANT = "grant"
    REFUSE = "refuse"


#: Staff look again at a name that was refused.
CLAIM = CaseKind(
    name="namespace_claim",
    action="plugin.moderate",
    verdicts=frozenset(Verdict),
    favourable=frozenset({Verdict.GRANT}),
    due_in=timedelta(days=7),
    appeal_action="plugin.publish",
    appeal_within=timedelta(days=14),
    four_eyes=True,
)


def check_namespace(name: str) -> str:
    """A namespace that may be claimed, as far as other publishers have nothing against it.

    Raises:
        Invalid: it is not spelled like one.
        NamespaceReserved: it is kept for the marketplace, or looks like a name that is.
    """
    check_spelling(name)
    kept = name if name in RESERVED else None
    if kept is None and (like := closest(name, sorted(RESERVED), popular=False)):
        kept = like.name
    if kept is None:
        kept = next((_CLAIMING[skeleton(p)] for p in name.split("-") if skeleton(p) in _CLAIMING), None)
    if kept is not None:
        detail = f"The namespace {name} {SAID[Likeness.RESERVED]} {kept}."
        refusal = NamespaceReserved(detail, faults=[Fault("/id", "reserved namespace")])
        refusal.extensions = {"likeness": Likeness.RESERVED, "resembles": kept, "name": name}
        raise refusal
    return name


def check_spelling(name: str) -> str:
    """A namespace, whether or not it may be claimed.

    Raises:
        Invalid: it is not spelled like one.
    """
    if not NAMESPACE.fullmatch(name):
        expected = "lower-case letters, digits and hyphens, at most 39, a letter first"
        raise Invalid("The namespace cannot be used.", faults=[Fault("/namespace", expected)])
    return name


def check_wanted(name: str) -> str:
    """A name that can be asked for: a namespace, or the id of a plugin.

    Raises:
        Invalid: it is spelled like neither.
    """
    if "." not in name:
        return check_spelling(name)
    try:
        return str(PluginId.parse(name))
    except ValueError as error:
        raise Invalid("There can be no such name.", faults=[Fault("/name", "namespace or id")]) from error


def check_unlike(name: str, alike: Iterable[str], popular: Iterable[str]) -> None:
    """Whether nobody would take a new name for another publisher's.

    Args:
        name: a namespace or a plugin's id, and the others of the same sort.
        alike: names of other publishers that everybody sees.
        popular: those among the most installed, which slips of the finger count against as well.

    Raises:
        NameConfusable: somebody would.
    """
    like = closest(name, alike, popular=False) or closest(name, popular, popular=True)
    if like is not None:
        raise _confusable(name, like)


def _confusable(name: str, like: Resemblance) -> NameConfusable:
    detail = f"{name} {SAID[like.likeness]} {like.name}, which belongs to another publisher."
    refusal = NameConfusable(detail, faults=[Fault("/id", f"resembles {like.name}", like.likeness)])
    refusal.extensions = {"likeness": like.likeness, "resembles": like.name, "name": name}
    return refusal


def check_plugin_id(text: str) -> str:
    """A plugin id as it stands in an address.

    Raises:
        PluginNotFound: it is not spelled like one, so there is no such plugin.
    """
    try:
        return str(PluginId.parse(text))
    except ValueError as error:
        raise PluginNotFound(f"There is no plugin {text[:120]!r}: ids are namespace.name.") from error
