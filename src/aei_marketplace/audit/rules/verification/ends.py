"""Where a log ends, by the sizes that were signed of it."""

from aei_marketplace.audit.rules.verification.findings import Finding, Kind
from aei_marketplace.audit.rules.verification.reading import Reading


def judge_signed(reading: Reading, total: int) -> list[Finding]:
    """What a reading found, and what the signed sizes and roots say beyond it.

    Args:
        reading: of the whole log.
        total: entries in the tree.
    """
    findings = _judge_size(reading, total)
    rewritten = _rewritten(reading, total)
    if rewritten:
        findings.append(rewritten)
    if total and not reading.signed:
        detail = "there is no checkpoint that a key of this log signed: nothing of it is proven"
        findings.append(Finding(Kind.CHECKPOINT_REMOVED, detail))
    return findings


def _judge_size(reading: Reading, total: int) -> list[Finding]:
    largest = max(reading.signed, default=0)
    if total >= largest:
        return [*reading.findings]
    if total == 0 or (reading.unfit and not reading.fits):
        words = "holds nothing" if total == 0 else "begins anew"
        detail = f"{largest} entries were signed and the log {words}: it was wiped"
        return [*reading.findings, Finding(Kind.WIPED, detail, 0)]
    detail = f"{largest} entries were signed and {total} are there: the end of the log is gone"
    # What is left of the tree says the same, and less exactly.
    others = [finding for finding in reading.findings if finding.kind is not Kind.TRUNCATED]
    return [*others, Finding(Kind.TRUNCATED, detail, total)]


def _rewritten(reading: Reading, total: int) -> Finding | None:
    largest = max(reading.signed, default=0)
    if not reading.unfit or not (reading.fits or total >= largest):
        return None
    size = min(reading.unfit)
    good = max((fit for fit in reading.fits if fit < size), default=0)
    detail = (
        f"the log as signed with {size} entries is not this one: something from entry {good} to "
        f"{size - 1} was rewritten, hashes and all"
    )
    return Finding(Kind.REWRITTEN, detail, good)
