"""What a scan says: results, findings and what was found inside, as values with one exact JSON form.

The JSON form is `encode`'s: the fields below by name, in their order. `decode` reads nothing else, and no
more than the limits here, whoever wrote it.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_REPORT_BYTES = 8 * 1024 * 1024
MAX_CHECKS = 100
#: Findings of one check; the worst are kept.
MAX_FINDINGS = 200
MAX_COMPONENTS = 25_000
MAX_HOSTS = 2_000

Id = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Short = Annotated[str, Meta(max_length=200)]
Long = Annotated[str, Meta(max_length=1_000)]


class Severity(StrEnum):
    """How bad a finding is, from the least to the worst."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    def reaches(self, other: "Severity") -> bool:
        """Whether this is as bad as `other`, or worse."""
        return _ORDER.index(self) >= _ORDER.index(other)


_ORDER = tuple(Severity)


class Result(StrEnum):
    """How a check ended. Only `pass` counts as passed."""

    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    ERROR = "error"
    NOT_RUN = "not_run"


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a check found.

    Attributes:
        severity: how bad it is.
        title: what it is, one line for people.
        place: where: a file of the package, a pointer into it, or a part of the component.
        advice: what to do about it.
        evidence: what was seen, cut and made safe to show; never a whole secret.
        rule: the kind, stable, for programs: `overreach`, `private-key`, …
    """

    severity: Severity
    title: Short
    place: Short = ""
    advice: Long = ""
    evidence: Long = ""
    rule: Short = ""


class CheckResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one check ended.

    Attributes:
        version: of the check; it grows when the check's answers change.
        duration_ms: wall time.
        note: why there is an error or no run, or how many findings were left out.
    """

    id: Id
    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    title: Short
    result: Result
    findings: Annotated[tuple[Finding, ...], Meta(max_length=MAX_FINDINGS)] = ()
    duration_ms: Annotated[int, Meta(ge=0)] = 0
    note: Long = ""


class Component(msgspec.Struct, frozen=True, forbid_unknown_fields=True, order=True):
    """A piece of software inside the plugin.

    Attributes:
        ecosystem: as OSV spells it: `PyPI`, `npm`, `crates.io`, `Go`; empty when unknown.
        version: as written; empty when unknown.
        origin: found in the component, claimed by the SBOM, or read in the supplied source.
    """

    ecosystem: Short
    name: Short
    version: Short
    origin: Literal["embedded", "sbom", "source"]


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that one scan of one package says.

    Attributes:
        digest: sha256 of the archive, in hexadecimal.
        checks: each check once, by id.
        components: software found inside, sorted; None when that could not be told, or is beyond the limit.
        hosts: names of hosts that the code names, sorted; None as above.
        scanner: programs and libraries that had a part in it, name to version.
    """

    digest: Sha256
    checks: Annotated[tuple[CheckResult, ...], Meta(max_length=MAX_CHECKS)]
    components: Annotated[tuple[Component, ...], Meta(max_length=MAX_COMPONENTS)] | None
    hosts: Annotated[tuple[Short, ...], Meta(max_length=MAX_HOSTS)] | None
    scanner: Annotated[dict[Short, Short], Meta(max_length=50)]

    def __post_init__(self) -> None:
        """Refuse a report in which a check stands twice.

        Raises:
            ValueError: one does.
        """
        ids = [check.id for check in self.checks]
        if len(set(ids)) != len(ids):
            raise ValueError("a check stands twice in the report")

    def check(self, check_id: str) -> CheckResult | None:
        """The result of one check; None when the scan had no such check."""
        return next((check for check in self.checks if check.id == check_id), None)


def encode(report: Report) -> bytes:
    """A report's JSON."""
    return msgspec.json.encode(report)


def decode(content: bytes) -> Report:
    """Read a report's JSON.

    Raises:
        ValueError: it is no report, or goes beyond the limits here.
    """
    if len(content) > MAX_REPORT_BYTES:
        raise ValueError(f"a report has at most {MAX_REPORT_BYTES:,} bytes")
    return msgspec.json.decode(content, type=Report)


def worst(findings: Iterable[Finding]) -> Severity | None:
    """The worst severity among findings; None when there are none."""
    return max((finding.severity for finding in findings), key=_ORDER.index, default=None)
