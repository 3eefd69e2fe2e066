"""Checkpoints compared: those in the database with those outside, and all with the keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aei_inspection.notes import Checkpoint, NoteMalformed, NoteUnproven, VerifyingKey, parse_note
from aei_marketplace.audit.rules.verification.findings import Finding, Kind

#: So many findings of one kind are listed one by one.
MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Claim:
    """A checkpoint that is offered.

    Attributes:
        place: where it lies, for messages.
        note: the note; None where something else lies there.
        size, root: what stands beside the note, where something does.
    """

    place: str
    note: bytes | str | None
    size: int | None = None
    root: bytes | None = None


@dataclass
class Signed:
    """What the checkpoints prove.

    Attributes:
        roots: by size, of every checkpoint that a trusted key signed; the first one seen of each size.
        inside, outside: how many of them there are.
    """

    roots: dict[int, bytes] = field(default_factory=dict)
    inside: int = 0
    outside: int = 0
    findings: list[Finding] = field(default_factory=list)


def compare(inside: Sequence[Claim], outside: Sequence[Claim], keys: Sequence[VerifyingKey]) -> Signed:
    """Check every checkpoint, and that both places have the same ones."""
    opener = _Opener(keys)
    signed = Signed()
    within = _open_all(inside, opener, signed)
    without = _open_all(outside, opener, signed)
    signed.inside, signed.outside = len(within), len(without)
    signed.roots = {**within, **without}  # whoever owns the database owns the ones within
    for size in sorted(within.keys() | without.keys()):
        finding = _differ(size, within.get(size), without.get(size))
        if finding:
            signed.findings.append(finding)
    signed.findings = _shortened(signed.findings)
    return signed


def _shortened(findings: list[Finding]) -> list[Finding]:
    """A folder that is gone is one matter, not one for each of its checkpoints."""
    kept: list[Finding] = []
    for kind in dict.fromkeys(finding.kind for finding in findings):
        alike = [finding for finding in findings if finding.kind is kind]
        kept += alike[:MOST_LISTED]
        if len(alike) > MOST_LISTED:
            kept.append(Finding(kind, f"and {len(alike) - MOST_LISTED} more of the kind"))
    return kept


def _open_all(claims: Iterable[Claim], opener: "_Opener", signed: Signed) -> dict[int, bytes]:
    roots: dict[int, bytes] = {}
    largest = -1
    for claim in claims:
        checkpoint, finding = opener.open(claim)
        if checkpoint is not None and checkpoint.size <= largest:
            detail = (
                f"{claim.place}: a checkpoint of {checkpoint.size} entries after one of {largest}: "
                "an older one is offered as new"
            )
            finding = Finding(Kind.CHECKPOINT_STALE, detail)
        if finding:
            signed.findings.append(finding)
        if checkpoint is not None:
            roots.setdefault(checkpoint.size, checkpoint.root)
            largest = max(largest, checkpoint.size)
    return roots


def _differ(size: int, inside: bytes | None, outside: bytes | None) -> Finding | None:
    if inside is None:
        return Finding(
            Kind.CHECKPOINT_REMOVED,
            f"the database lacks the checkpoint of {size} entries that lies outside it. (A job process that "
            "was killed while it signed completes this when it runs again.)",
        )
    if outside is None:
        detail = f"the checkpoint of {size} entries in the database is missing outside it"
        return Finding(Kind.CHECKPOINT_REMOVED_OUTSIDE, detail)
    if inside != outside:
        detail = f"two checkpoints of {size} entries, both signed, have different roots: somebody has the key"
        return Finding(Kind.CHECKPOINT_CONFLICT, detail)
    return None


class _Opener:
    """Opens notes, each text once: most lie in both places."""

    def __init__(self, keys: Sequence[VerifyingKey]) -> None:
        self._keys = keys
        self._seen: dict[bytes, tuple[Checkpoint | None, Kind | None, str]] = {}

    def open(self, claim: Claim) -> tuple[Checkpoint | None, Finding | None]:
        if claim.note is None:
            return None, Finding(Kind.CHECKPOINT_FORGED, f"{claim.place}: this is not a checkpoint")
        raw = claim.note.encode() if isinstance(claim.note, str) else claim.note
        if raw not in self._seen:
            self._seen[raw] = self._open(raw)
        checkpoint, kind, detail = self._seen[raw]
        if kind is not None or checkpoint is None:
            return None, Finding(kind or Kind.CHECKPOINT_FORGED, f"{claim.place}: {detail}")
        return _beside(claim, checkpoint)

    def _open(self, raw: bytes) -> tuple[Checkpoint | None, Kind | None, str]:
        try:
            note = parse_note(raw)
            checkpoint = Checkpoint.parse(note.text)
        except NoteMalformed as error:
            return None, Kind.CHECKPOINT_FORGED, f"this is not a checkpoint: {error}"
        known = {(key.name, key.key_id): key for key in self._keys}
        ours = [known[s.name, s.key_id] for s in note.signatures if (s.name, s.key_id) in known]
        if not ours:
            who = ", ".join(f"{s.name}+{s.key_id.hex()}" for s in note.signatures)
            return None, Kind.CHECKPOINT_BY_ANOTHER_KEY, f"signed by {who}, which is not a key of this log"
        try:
            ours[0].check(note)
        except NoteUnproven as error:
            return None, Kind.CHECKPOINT_FORGED, str(error)
        if checkpoint.origin != ours[0].name:
            return None, Kind.CHECKPOINT_FORGED, f"it is of another log, {checkpoint.origin!r}"
        return checkpoint, None, ""


def _beside(claim: Claim, checkpoint: Checkpoint) -> tuple[Checkpoint | None, Finding | None]:
    """Compare what stands beside a note with the note."""
    if claim.size is not None and checkpoint.size < claim.size:
        detail = (
            f"{claim.place}: a checkpoint of {checkpoint.size} entries is offered as one of {claim.size}: "
            "an older one is offered as new"
        )
        return None, Finding(Kind.CHECKPOINT_STALE, detail)
    if claim.size not in (None, checkpoint.size) or claim.root not in (None, checkpoint.root):
        detail = f"{claim.place}: size or root beside the note are not those that are signed"
        return None, Finding(Kind.CHECKPOINT_CHANGED, detail)
    return checkpoint, None
