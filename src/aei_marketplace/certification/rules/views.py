"""The values of certification as they travel."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_inspection.checks.report import CheckResult
from aei_marketplace.certification.rules.policies import Waiver
from aei_marketplace.certification.rules.states import Purpose, RequestState
from aei_marketplace.certification.rules.verdicts import Outcome


@dataclass(frozen=True, slots=True)
class Basis:
    """What a scan was made with.

    Attributes:
        advisories_at: how new the database of advisories was; None when there was none.
        outcome: what it came to, at its decision once there is one.
    """

    scanned_at: datetime
    policy_number: int
    policy_digest: str
    advisories_at: datetime | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Request:
    """A request for certification, or the scan of a new release.

    Attributes:
        digest: sha256 of the package, in hexadecimal.
        attempt: how often a scan of it began; what an earlier one brings later is refused.
        broken: scans begun since the last one that came to an end.
        basis: of its last scan; None until there is one.
        problem: why its last scan came to no end.
        first_approval_by: who approved, where the policy wants a second.
        decided_by: None while nobody did, or where the policy decided by itself.
        suspended_reason: why its badge does not hold any more.
        signed: whether the badge's statement is signed.
        waivers: exceptions that its approval stands on, whatever became of them since.
    """

    id: UUID
    purpose: Purpose
    release_id: UUID
    plugin_id: str
    version: str
    owner_tenant: UUID
    digest: str
    state: RequestState
    attempt: int
    broken: int
    basis: Basis | None
    problem: str | None
    operation_id: UUID | None
    case_id: UUID | None
    submitted_by: UUID | None
    submitted_at: datetime
    first_approval_by: UUID | None
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str | None
    expires_at: datetime | None
    suspended_at: datetime | None
    suspended_reason: str | None
    signed: bool
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a scan found.

    Attributes:
        checks: every check, those of the scanner and those of the marketplace.
        scanner: programs and libraries that had a part in it, name to version.
        hosts: names of hosts in the code.
        inspected: `source` where the package brought its source, `extracted` where only what was found
            inside the component could be read.
    """

    checks: tuple[CheckResult, ...]
    scanner: dict[str, str]
    hosts: tuple[str, ...]
    inspected: str
