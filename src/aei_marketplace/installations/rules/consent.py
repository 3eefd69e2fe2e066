"""Permissions as people decide about them: each with its scopes, what is granted, new and ticked.

Each permission has scopes that are granted one by one (hosts, names of secrets, models) and amounts that are
granted up to a number. In a form the scopes of `network` are the values of `grant/network/hosts`; what a
pattern is narrowed to is typed into `grant/network/hosts/only`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aei_marketplace.installations.rules.grants import held_capabilities, permission_difference
from aei_marketplace.installations.rules.permissions import TITLES, Risk, risk_of, sentence
from aei_protocol.manifest import Manifest
from aei_protocol.permissions import Capabilities

Grants = Mapping[str, Mapping[str, Any]]
#: All values that a form has under a name.
Answers = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Scope:
    """One thing that is granted or not.

    Attributes:
        field: the form's field.
        value: as the manifest names it.
        sentence: what it allows.
        granted: whether it is, or is about to be.
        new: the present release does not request it.
        pattern: it stands for many, and may be narrowed to some of them.
    """

    field: str
    value: str
    sentence: str
    granted: bool
    new: bool
    pattern: bool


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is granted at most; 0 grants nothing.

    Attributes:
        most: what is requested, in `unit`.
    """

    field: str
    label: str
    unit: str
    most: int
    granted: int
    new: bool


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that a release requests.

    Attributes:
        because: what the word for the risk rests on.
        reason: why it is requested, in its author's words.
    """

    name: str
    title: str
    risk: Risk
    because: str
    reason: str
    scopes: tuple[Scope, ...]
    amounts: tuple[Amount, ...]

    @property
    def new(self) -> bool:
        """Whether anything of it is."""
        return any(s.new for s in self.scopes) or any(a.new for a in self.amounts)

    @property
    def granted(self) -> bool:
        """Whether anything of it is."""
        return any(s.granted for s in self.scopes) or any(a.granted > 0 for a in self.amounts)


_LISTS = {
    "network": (("hosts", "hosts"),),
    "models": (("chat", "chat"), ("embed", "embed")),
    "secrets": (("names", "secrets"),),
    "filesystem": (),
}
_AMOUNTS = {
    "filesystem": (
        ("scratch_mib", "Files while it runs", "MiB"),
        ("persistent_mib", "Files that it keeps between runs", "MiB"),
    ),
    "models": (("max_tokens_per_execution", "Tokens for each run", "tokens"),),
}
_CAPABILITY = {"max_tokens_per_execution": "max_tokens"}


def permissions_of(
    manifest: Manifest, granted: Grants | None = None, before: Manifest | None = None, prefix: str = ""
) -> tuple[Permission, ...]:
    """What a release requests, as people decide about it, the gravest first.

    Args:
        granted: what is granted; None for all that is requested.
        before: the release that is updated; what it requests already is not new.
        prefix: of the fields' names, where one form decides about several plugins.
    """
    held = manifest.capabilities if granted is None else held_capabilities(manifest, granted)
    new = (
        Capabilities() if before is None else Capabilities.requested(permission_difference(before, manifest))
    )
    found = [
        Permission(
            name,
            TITLES[name],
            *risk_of(name, asked),
            str(asked.get("reason", "")),
            tuple(_scopes(f"{prefix}grant/{name}", name, asked, held, new)),
            tuple(_amounts(f"{prefix}grant/{name}", name, asked, held, new)),
        )
        for name, asked in manifest.permissions.items()
    ]
    return tuple(sorted(found, key=lambda each: (-list(Risk).index(each.risk), each.name)))


def given(answers: Answers, manifest: Manifest, prefix: str = "") -> dict[str, dict[str, Any]]:
    """The grants that a form asks for, in the shape of a manifest's permissions; not checked yet."""
    wanted = {name: dict(_given(f"{prefix}grant/{name}", name, answers)) for name in manifest.permissions}
    return {name: scope for name, scope in wanted.items() if scope}


def answered(permissions: tuple[Permission, ...], answers: Answers) -> tuple[Permission, ...]:
    """Permissions as a form that comes back left them."""
    return tuple(
        replace(
            permission,
            scopes=tuple(replace(s, granted=s.value in answers(s.field)) for s in permission.scopes),
            amounts=tuple(replace(a, granted=_number(answers(a.field), a)) for a in permission.amounts),
        )
        for permission in permissions
    )


def _number(typed: tuple[str, ...], amount: Amount) -> int:
    text = typed[-1].strip() if typed else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else amount.granted


def _given(place: str, name: str, answers: Answers) -> Iterator[tuple[str, Any]]:
    for key, _ in _LISTS[name]:
        field = f"{place}/{key}"
        narrowed = [word for text in answers(f"{field}/only") for word in text.replace(",", " ").split()]
        if chosen := list(dict.fromkeys((*answers(field), *narrowed))):
            yield key, chosen
    for key, _, _ in _AMOUNTS.get(name, ()):
        text = (answers(f"{place}/{key}") or ("",))[-1].strip()
        if text and text != "0":
            # What is no number is passed on as it is: the check of grants names the place.
            yield key, int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text


def _scopes(
    place: str, name: str, asked: Mapping[str, Any], held: Capabilities, new: Capabilities
) -> Iterator[Scope]:
    for key, capability in _LISTS[name]:
        holds, adds = getattr(held, capability), getattr(new, capability)
        for value in asked.get(key, ()):
            pattern = value.startswith("*")
            yield Scope(
                f"{place}/{key}",
                value,
                sentence(capability, value),
                value in holds,
                value in adds,
                pattern,
            )
        # What was narrowed before is no word of the manifest's.
        for value in sorted(set(holds) - set(asked.get(key, ()))):
            yield Scope(f"{place}/{key}", value, sentence(capability, value), True, False, False)


def _amounts(
    place: str, name: str, asked: Mapping[str, Any], held: Capabilities, new: Capabilities
) -> Iterator[Amount]:
    for key, label, unit in _AMOUNTS.get(name, ()):
        if most := asked.get(key, 0):
            capability = _CAPABILITY.get(key, key)
            yield Amount(
                f"{place}/{key}",
                label,
                unit,
                most,
                getattr(held, capability),
                bool(getattr(new, capability)),
            )
