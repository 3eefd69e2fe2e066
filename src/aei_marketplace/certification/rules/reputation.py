"""What is known of who publishes: facts for a person to weigh. None of them denies anything by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from aei_inspection.checks.report import CheckResult, Finding, Severity
from aei_inspection.checks.results import result_of

ID, VERSION, TITLE = "reputation", 1, "Publisher and history"
_YOUNG = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the catalogue knows.

    Attributes:
        listed_since: when a release of the plugin was first listed.
        releases: how many the plugin has.
        stopped: how many of them the registry has stopped.
        same_publisher: who publishes now published this release and the certified one before it.
    """

    publisher: str
    verified: bool
    listed_since: datetime
    releases: int
    stopped: int
    same_publisher: bool


def check(facts: Facts, now: datetime) -> CheckResult:
    """The facts that somebody who decides should know."""
    return result_of(ID, VERSION, TITLE, list(_findings(facts, now)))


def _findings(facts: Facts, now: datetime) -> Iterator[Finding]:
    who = f"publisher {facts.publisher}"[:190]
    if facts.stopped:
        yield Finding(
            Severity.MEDIUM,
            f"{facts.stopped} of {facts.releases} releases were stopped by the registry",
            who,
            "Read why before approving another one.",
            rule="stopped-before",
        )
    if not facts.same_publisher:
        yield Finding(
            Severity.MEDIUM,
            "The plugin has changed hands",
            who,
            "Find out who publishes now; what was certified before says nothing about them.",
            rule="other-publisher",
        )
    if not facts.verified:
        yield Finding(
            Severity.LOW,
            "The publisher is not verified",
            who,
            "Prove a domain: aei publisher verify DOMAIN",
            rule="unverified",
        )
    if now - facts.listed_since < _YOUNG:
        yield Finding(
            Severity.INFO,
            f"The plugin has been listed since {facts.listed_since:%Y-%m-%d}",
            who,
            "Little is known of a young plugin; look at its findings closely.",
            rule="young",
        )
