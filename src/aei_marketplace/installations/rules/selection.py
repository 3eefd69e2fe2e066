"""What a tenant admits: lists of publishers, permissions and kinds that it allows or denies."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aei_marketplace.catalog.rules.searching import KINDS
from aei_marketplace.ground.errors import Fault
from aei_protocol.identifiers import NAMESPACE
from aei_protocol.manifest import Manifest
from aei_protocol.permissions import INTERFACE_OF

#: Publishers are named by their namespaces: the first half of a plugin's id.
PARTS = ("publishers", "permissions", "kinds")
LIST_NAMES = ("allow", "deny")
MOST_NAMES = 500
_KNOWN = {"permissions": tuple(INTERFACE_OF), "kinds": KINDS}


def exclusions(policies: Mapping[str, Any], manifest: Manifest) -> tuple[str, ...]:
    """Why a tenant's lists exclude a release, a sentence for each ground; nothing when they do not.

    A list that allows excludes what is not in it; a list that is empty excludes nothing. What both name
    is denied.

    Args:
        policies: the tenant's, without faults.
    """
    if not policies.get("allow") and not policies.get("deny"):
        return ()
    return tuple(_grounds(policies.get("allow", {}), policies.get("deny", {}), manifest))


def list_faults(document: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the lists in a tenant's policies; None takes a list or a part of one back."""
    return [fault for name in LIST_NAMES for fault in _faults(document.get(name), f"/{name}")]


def _grounds(allow: Mapping[str, Any], deny: Mapping[str, Any], manifest: Manifest) -> Iterator[str]:
    asked = {
        "publishers": (manifest.id.partition(".")[0],),
        "permissions": tuple(manifest.permissions),
        "kinds": (str(manifest.document.get("kind", "")),),
    }
    for part in PARTS:
        denied = [name for name in asked[part] if name in deny.get(part, ())]
        allowed = allow.get(part) or asked[part]
        missing = [name for name in asked[part] if name not in allowed and name not in denied]
        if denied:
            yield f"Your tenant's policy denies {_named(part, denied)}."
        if missing:
            yield f"Your tenant's policy allows {_named(part, allowed)} alone, not {', '.join(missing)}."


def _named(part: str, names: Iterable[str]) -> str:
    known = list(names)
    what = {"publishers": "publisher", "permissions": "permission", "kinds": "kind"}[part]
    return f"the {what}{'s' if len(known) > 1 else ''} {', '.join(known)}"


def _faults(lists: Any, pointer: str) -> Iterator[Fault]:
    if lists is None:
        return
    if not isinstance(lists, Mapping):
        yield Fault(pointer, f"expected an object of {', '.join(PARTS)}")
        return
    for part, names in lists.items():
        where = f"{pointer}/{str(part)[:60]}"
        if part not in PARTS:
            yield Fault(where, f"unknown; there are {', '.join(PARTS)}")
        elif names is not None:
            yield from _name_faults(part, names, where)


def _name_faults(part: str, names: Any, where: str) -> Iterator[Fault]:
    if not isinstance(names, list) or len(names) > MOST_NAMES:
        yield Fault(where, f"expected a list of at most {MOST_NAMES} names")
        return
    unfit = [str(name)[:60] for name in names if not _fits(part, name)]
    if unfit:
        expected = (
            ", ".join(_KNOWN[part]) if part in _KNOWN else "namespaces, the first half of a plugin's id"
        )
        yield Fault(where, f"not {', '.join(unfit[:5])}: expected {expected}")


def _fits(part: str, name: Any) -> bool:
    if not isinstance(name, str):
        return False
    return name in _KNOWN[part] if part in _KNOWN else NAMESPACE.fullmatch(name) is not None
