"""Policies: which checks must pass, what is tolerated, who decides, how long a badge holds."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from aei_inspection.checks.report import Finding, Severity
from aei_marketplace.certification.errors import PolicyInvalid
from aei_marketplace.certification.rules.states import Purpose
from aei_marketplace.ground.errors import Fault, Invalid

MOST_CHECKS = 100
LONGEST_VALID_DAYS = 3 * 366
LONGEST_FRESH_HOURS = 90 * 24


class Decision(StrEnum):
    """Who decides: the policy itself, one Certifier, or two."""

    AUTOMATIC = "automatic"
    ONE = "one"
    TWO = "two"


class OnError(StrEnum):
    """What becomes of a new release whose publish scan did not come to an end."""

    HOLD = "hold"
    LIST = "list"


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=False):
    """What a policy says; its JSON form is what the digest is of.

    Attributes:
        required: ids of the checks that must pass; one that did not run has not passed.
        where_possible: ids of checks that must not fail or break, but need not have anything to look at, as
            those of source that nobody has to supply.
        tolerated: by severity, how many findings of all checks together may stand without a waiver; a
            severity that is not named may stand any number of times.
        decision: who decides.
        valid_days: how long a badge holds.
        fresh_hours: a decision needs a scan that is no older.
        publish_required: the checks that must pass before a new release is listed.
        publish_on_error: what becomes of a release when one of those did not come to an end.
    """

    required: tuple[str, ...]
    tolerated: dict[Severity, int]
    decision: Decision = Decision.ONE
    valid_days: int = 180
    fresh_hours: int = 7 * 24
    where_possible: tuple[str, ...] = ()
    publish_required: tuple[str, ...] = ()
    publish_on_error: OnError = OnError.HOLD


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy.

    Attributes:
        number: 1 is the built-in one; each change makes the next.
    """

    number: int
    terms: Terms

    @property
    def digest(self) -> str:
        """SHA-256 of what it says, in hexadecimal."""
        return hashlib.sha256(msgspec.json.encode(self.terms, order="sorted")).hexdigest()


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy as the list of all versions has it.

    Attributes:
        since: when it was put in force; None for the built-in one.
        in_force: whether it is the newest.
    """

    policy: Policy
    since: datetime | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """What a scan has to reach."""

    required: tuple[str, ...]
    where_possible: tuple[str, ...]
    tolerated: Mapping[Severity, int]


def bar_for(purpose: Purpose, terms: Terms) -> Bar:
    """What a policy asks of a scan for the listing, and of one for a badge."""
    if purpose is Purpose.PUBLISH:
        return Bar(terms.publish_required, (), {})
    return Bar(terms.required, terms.where_possible, terms.tolerated)


@dataclass(frozen=True, slots=True)
class Waiver:
    """A reasoned, expiring exception to findings of one kind in one plugin.

    Attributes:
        check, rule: which findings, as the report names them.
        place: only the finding there; empty for anywhere in the plugin.
    """

    id: UUID
    plugin_id: str
    check: str
    rule: str
    place: str
    reason: str
    expires_at: datetime

    def fits(self, check: str, finding: Finding) -> bool:
        """Whether the exception is for this finding."""
        return (self.check, self.rule) == (check, finding.rule) and self.place in ("", finding.place)

    def covers(self, check: str, finding: Finding, now: datetime) -> bool:
        """Whether this finding stands under the exception now."""
        return self.fits(check, finding) and now < self.expires_at


def days_until(end: str, today: date) -> int:
    """For how many days an exception holds that ends with a day.

    Args:
        end: the day as a browser sends it, YYYY-MM-DD.

    Raises:
        Invalid: it is no day, or not one to come.
    """
    try:
        days = (date.fromisoformat(end) - today).days
    except ValueError as error:
        raise Invalid(
            "The exception cannot be made.", faults=[Fault("/until", "a day, as 2027-01-31")]
        ) from error
    if days < 1:
        raise Invalid(
            "The exception cannot be made.", faults=[Fault("/until", "a day that is still to come")]
        )
    return days


def is_waived(waivers: Sequence[Waiver], check: str, finding: Finding, now: datetime) -> bool:
    """Whether any of these exceptions covers the finding."""
    return any(waiver.covers(check, finding, now) for waiver in waivers)


def check_terms(document: object, known: Mapping[str, str]) -> Terms:
    """A policy as an operator sends it.

    Args:
        document: JSON values.
        known: ids of the checks that exist, with their titles.

    Raises:
        PolicyInvalid: with everything that is wrong.
    """
    try:
        terms = msgspec.convert(document, Terms)
    except msgspec.ValidationError as error:
        raise PolicyInvalid("The policy is not understood.", faults=[Fault("", str(error))]) from error
    faults = [
        Fault(f"/{field}", f"there is no check {check!r}"[:200])
        for field in ("required", "where_possible", "publish_required")
        for check in getattr(terms, field)
        if check not in known
    ]
    if not 1 <= len(terms.required) <= MOST_CHECKS:
        faults.append(
            Fault("/required", f"1 to {MOST_CHECKS} checks; a badge says that something was checked")
        )
    faults += [
        Fault(f"/tolerated/{severity}", "0 or more") for severity, most in terms.tolerated.items() if most < 0
    ]
    for field, most in (("valid_days", LONGEST_VALID_DAYS), ("fresh_hours", LONGEST_FRESH_HOURS)):
        if not 1 <= getattr(terms, field) <= most:
            faults.append(Fault(f"/{field}", f"1 to {most}"))
    if faults:
        raise PolicyInvalid("The policy cannot be put in force.", faults=faults)
    return terms


@dataclass(frozen=True, slots=True)
class TermsChange:
    """One thing that a policy says otherwise than the one before.

    Attributes:
        field: of `Terms`; with the severity behind a slash for `tolerated`.
        was, becomes: in words; of lists what goes and what comes.
    """

    field: str
    was: str
    becomes: str


def changes_of_terms(before: Terms, after: Terms) -> tuple[TermsChange, ...]:
    """What a policy says otherwise than another; empty when nothing."""
    found = [
        *(_of_lists(name, before, after) for name in ("required", "where_possible", "publish_required")),
        *(
            TermsChange(name, str(getattr(before, name)), str(getattr(after, name)))
            for name in ("decision", "valid_days", "fresh_hours", "publish_on_error")
        ),
        *(
            TermsChange(f"tolerated/{severity}", _most(before, severity), _most(after, severity))
            for severity in Severity
        ),
    ]
    return tuple(change for change in found if change.was != change.becomes)


def _of_lists(name: str, before: Terms, after: Terms) -> TermsChange:
    was, becomes = set(getattr(before, name)), set(getattr(after, name))
    return TermsChange(name, ", ".join(sorted(was - becomes)), ", ".join(sorted(becomes - was)))


def _most(terms: Terms, severity: Severity) -> str:
    return str(terms.tolerated.get(severity, "any number"))


def is_fresh(scanned_at: datetime, now: datetime, terms: Terms) -> bool:
    """Whether a decision may stand on a scan of that time."""
    return now - scanned_at <= timedelta(hours=terms.fresh_hours)
