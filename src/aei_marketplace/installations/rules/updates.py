"""Automatic updates: which newer release an installation goes to by itself, if to any."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from aei_inspection.versions import parse_version
from aei_marketplace.ground.errors import Fault
from aei_marketplace.installations.rules.choosing import Option, choose_version

LONGEST_AGE_HOURS = 365 * 24


class Updates(StrEnum):
    """To which newer releases an installation goes by itself.

    `security` means releases that mend a weakness, as far as they are compatible. `compatible` means
    the same major version, and below 1.0.0 the same minor one. `all` means any.
    """

    OFF = "off"
    SECURITY = "security"
    COMPATIBLE = "compatible"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for an installation.

    Attributes:
        minimum_age: for so long a release must have been listed.
    """

    updates: Updates
    minimum_age: timedelta


@dataclass(frozen=True, slots=True)
class Newer:
    """A release that an installation could go to.

    Attributes:
        security: its publisher says that it mends a weakness, or an advisory concerns the present release
            and this one no more.
        reached: its rollout has come to this installation's tenant.
        listed_at: when it was first listed.
        refusal: why the tenant may not install it, or what would be wrong with it that is not now; None when
            nothing is.
        asks_more: it requests something that the present release does not, or calls another plugin.
        config_fits: it accepts the installation's configuration.
        same_publisher: who released it released the present one too.
        deprecated: its publisher advises against it.
    """

    version: str
    security: bool
    reached: bool
    listed_at: datetime
    refusal: str | None
    asks_more: bool
    config_fits: bool
    same_publisher: bool
    deprecated: bool = False


def terms_of(tenant: Mapping[str, Any], installation: Mapping[str, Any]) -> Terms:
    """What holds under a tenant's policies and an installation's own policy, both without faults."""
    mode = installation.get("updates") or tenant.get("updates") or Updates.OFF
    return Terms(Updates(mode), minimum_age(tenant))


def minimum_age(tenant: Mapping[str, Any]) -> timedelta:
    """For so long a release must have been listed before a tenant takes it without naming it."""
    return timedelta(hours=tenant.get("minimum_release_age_hours", 0))


def refuses_affected(tenant: Mapping[str, Any]) -> bool:
    """Whether a tenant installs nothing that an advisory concerns."""
    return tenant.get("affected_releases") == "refuse"


def refuses_uncertified(tenant: Mapping[str, Any]) -> bool:
    """Whether a tenant installs nothing that is not certified."""
    return tenant.get("uncertified_releases") == "refuse"


def left_behind(present: Iterable[str], newer: Iterable[str]) -> bool:
    """Whether a release leaves behind what an advisory says of the present one; both by advisories' ids."""
    return bool(set(present) - set(newer))


def choose_update(
    terms: Terms,
    present: str,
    newer: Iterable[Newer],
    now: datetime,
    *,
    endangered: bool,
    deprecated: bool = False,
) -> Newer | None:
    """The highest release that nothing stands against; never one below the present version.

    One that its publisher advises against is taken only where there is no other.

    Args:
        endangered: the present release was yanked, or stopped by the registry: whatever replaces it
            counts as a security release.
        deprecated: the present release's publisher advises against it.
    """
    by_version = {each.version: each for each in newer}
    chosen = choose_version(
        Option(
            version,
            hindrance(terms, present, each, now, endangered=endangered, deprecated=deprecated),
            second_choice=each.deprecated,
        )
        for version, each in by_version.items()
    )
    return None if chosen is None else by_version[chosen]


def hindrance(
    terms: Terms,
    present: str,
    newer: Newer,
    now: datetime,
    *,
    endangered: bool = False,
    deprecated: bool = False,
) -> str | None:
    """Why an installation does not go to a release by itself; None when it does."""
    if terms.updates is Updates.OFF:
        return "automatic updates are off"
    if parse_version(newer.version) <= parse_version(present):
        return f"{newer.version} is not above {present}"
    if terms.updates is not Updates.ALL and not is_compatible_update(present, newer.version):
        return f"{newer.version} need not be compatible with {present}"
    if terms.updates is Updates.SECURITY and not (newer.security or endangered):
        return f"{newer.version} is not a security release"
    if now - newer.listed_at < terms.minimum_age:
        return f"{newer.version} is younger than the tenant's minimum age"
    if newer.refusal is not None:
        return newer.refusal
    # What mends a weakness is better than what has it, deprecated or not.
    if newer.deprecated and not (deprecated or endangered or newer.security):
        return f"{newer.version} is deprecated, and {present} is not"
    if not newer.same_publisher:
        return f"{newer.version} is of another publisher than {present}; a person has to update once"
    if newer.asks_more:
        return f"{newer.version} requests a permission, or calls a plugin, that {present} does not"
    if not newer.config_fits:
        return f"{newer.version} does not accept the configuration"
    if not newer.reached:
        return f"{newer.version} is not rolled out to the tenant yet"
    return None


def is_compatible_update(present: str, wanted: str) -> bool:
    """Whether SemVer 2.0.0 promises that a version goes on with what another began."""
    before, after = parse_version(present), parse_version(wanted)
    if before.major or after.major:
        return before.major == after.major
    if before.minor or after.minor:
        return before.minor == after.minor
    return before.patch == after.patch


def update_faults(document: Mapping[str, Any], pointer: str = "") -> list[Fault]:
    """What is wrong with the mode of updates in a policy; None takes it back."""
    mode = document.get("updates")
    if mode is None or (isinstance(mode, str) and mode in list(Updates)):
        return []
    return [Fault(f"{pointer}/updates", f"one of {', '.join(Updates)}")]


def affected_faults(document: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with what a tenant does about affected releases; None takes it back."""
    if document.get("affected_releases") in (None, "warn", "refuse"):
        return []
    return [Fault("/affected_releases", "warn or refuse")]


def uncertified_faults(document: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with what a tenant does about uncertified releases; None takes it back."""
    if document.get("uncertified_releases") in (None, "warn", "refuse"):
        return []
    return [Fault("/uncertified_releases", "warn or refuse")]


def age_faults(document: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the minimum age in a tenant's policies; None takes it back."""
    hours = document.get("minimum_release_age_hours")
    whole = isinstance(hours, int) and not isinstance(hours, bool)
    if hours is None or (whole and 0 <= hours <= LONGEST_AGE_HOURS):
        return []
    return [Fault("/minimum_release_age_hours", f"a whole number from 0 to {LONGEST_AGE_HOURS}")]
