"""The steps of a case: each with its audit entry, and its event where others follow it.

A domain brings cases of its kind here, and takes the effect of a decision in the same work as
`record_decision`: the two commit together or not at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.decisions import store
from aei_marketplace.decisions.errors import CaseMoved, CaseNotFound, NotAffected
from aei_marketplace.decisions.events import CaseAppealed, CaseDecided, CaseOpened
from aei_marketplace.decisions.rules import steps as rules
from aei_marketplace.decisions.rules.cases import Case, Decider, Ruling, Subject
from aei_marketplace.decisions.rules.kinds import CaseKind
from aei_marketplace.decisions.service.reading import find_case
from aei_marketplace.ground.actor import ActorKind
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import NotAllowed, Unavailable
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work

#: A subject's open case may be decided in the moment of joining it; then a new one is opened.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a matter that was brought.

    Attributes:
        joined: whether an open case about it was there.
    """

    case_id: UUID
    joined: bool


async def open_case(work: Work, kind: CaseKind, subject: Subject, due_in: timedelta | None = None) -> Brought:
    """Bring something to the queue; an open case about the same subject is joined instead.

    Asks for no action of its own: it is part of a domain's work, which has required one.

    Args:
        due_in: when not the kind's own time; a case that is joined becomes due earlier, never later.
    """
    case = rules.opened(new_id(), kind, subject, work.actor.id, work.actor.tenant, work.now, due_in)
    for _ in range(_ATTEMPTS):
        if await store.add(work, case):
            _record(work, "case.open", case)
            work.emit(CaseOpened(case.id, case.kind, case.subject_type, case.subject_id, case.party))
            return Brought(case.id, joined=False)
        joined = await store.join(work, case)
        if joined is not None:
            return Brought(joined, joined=True)
    raise Unavailable("The case about this is being decided right now.")


async def claim(work: Work, kind: CaseKind, case_id: UUID, seen: int | None = None) -> Case:
    """Hold a case for half an hour, or half an hour more; a claim that has ended is taken over.

    Args:
        seen: the version of the case as the caller knows it; None when they do not say.

    Raises:
        NotAllowed: the actor does not decide such cases.
        CaseNotFound: there is no such case.
        CaseSettled, CaseHeld, CaseMoved: it cannot be claimed now.
    """
    work.actor.require(kind.action)
    case = await _of_kind(work, kind, case_id)
    rules.check_version(case, seen)
    after = rules.claimed(case, _person(work), work.now)
    former = case.claimed_by if case.claimed_by != after.claimed_by else None
    await _save(work, case, after)
    _record(work, "case.claim", after, {"taken_over_from": str(former)} if former else {})
    return after


async def let_go(work: Work, kind: CaseKind, case_id: UUID) -> Case:
    """Give a claimed case back to the queue.

    Raises:
        NotAllowed: the actor does not decide such cases.
        CaseNotFound: there is no such case.
        CaseSettled, NotClaimed: there is no claim of theirs.
    """
    work.actor.require(kind.action)
    case = await _of_kind(work, kind, case_id)
    after = rules.let_go(case, _person(work))
    await _save(work, case, after)
    _record(work, "case.release", after)
    return after


async def check_decision(work: Work, kind: CaseKind, case_id: UUID, ruling: Ruling) -> None:
    """Whether the actor may decide a case so, now; for what is part of a decision, as one of two approvals.

    Raises:
        NotAllowed, CaseNotFound, CaseSettled, CaseHeld, CaseMoved, Invalid: as `record_decision`.
    """
    await _decided(work, kind, case_id, ruling)


async def record_decision(work: Work, kind: CaseKind, case_id: UUID, ruling: Ruling) -> Case:
    """Decide a case; whoever calls takes the effect in the same work.

    Raises:
        NotAllowed: the actor does not decide such cases, or the kind wants another pair of eyes.
        CaseNotFound: there is no such case.
        CaseSettled, CaseHeld, CaseMoved: somebody was faster; the answer says how the case stands.
        Invalid: the kind has no such verdict, or the reason says nothing.
    """
    case, after = await _decided(work, kind, case_id, ruling)
    await _save(work, case, after)
    await store.add_decision(work, after)
    _record(work, "case.decide", after, {"verdict": ruling.verdict}, after.reason)
    work.emit(
        CaseDecided(
            after.id,
            after.kind,
            after.subject_type,
            after.subject_id,
            after.party,
            after.round,
            ruling.verdict,
        )
    )
    return after


async def record_appeal(work: Work, kind: CaseKind, case_id: UUID, reason: str) -> Case:
    """Appeal, once: the case waits again, and its first decision stands until the second.

    Raises:
        NotAllowed: the actor's role does not grant it, or the decision touches another tenant.
        CaseNotFound: there is no such case.
        AppealRefused: there is no decision to appeal, no appeal of this one, or no time left.
        CaseMoved: somebody else appealed just now.
    """
    work.actor.require(kind.appeal_action)
    case = await _of_kind(work, kind, case_id)
    if work.actor.tenant is None:
        raise NotAffected("An appeal is made in the tenant that the decision touches.")
    after = rules.appealed(case, kind, work.actor.tenant, work.now)
    words = clean_typed(reason, rules.LONGEST_REASON, "/reason")
    await _save(work, case, after)
    await store.add_appeal(work, case.id, words)
    _record(work, "case.appeal", after, words=words)
    work.emit(CaseAppealed(after.id, after.kind, after.subject_type, after.subject_id, after.party))
    return after


async def withdraw(work: Work, kind: CaseKind, case_id: UUID) -> Case:
    """Take a case back before it is decided.

    Asks for no action of its own: the domain that brought the case knows who may.

    Raises:
        CaseNotFound: there is no such case.
        CaseSettled: it was decided or withdrawn.
        CaseMoved: it changed just now.
    """
    case = await _of_kind(work, kind, case_id)
    after = rules.withdrawn(case)
    await _save(work, case, after)
    _record(work, "case.withdraw", after)
    return after


async def _decided(work: Work, kind: CaseKind, case_id: UUID, ruling: Ruling) -> tuple[Case, Case]:
    """The case as it stands, and as it would stand decided."""
    work.actor.require(kind.action)
    case = await _of_kind(work, kind, case_id)
    words = clean_typed(ruling.reason, rules.LONGEST_REASON, "/reason")
    handed_in = Ruling(ruling.verdict, words, ruling.version)
    return case, rules.decided(case, kind, handed_in, await _decider(work, case), work.now)


async def _of_kind(work: Work, kind: CaseKind, case_id: UUID) -> Case:
    case = await find_case(work, case_id)
    if case.kind != kind.name:
        raise CaseNotFound(f"There is no case {case_id} of the kind {kind.name}.")
    return case


async def _save(work: Work, before: Case, after: Case) -> None:
    if await store.save(work, before, after):
        return
    present = await find_case(work, before.id)
    raise CaseMoved("Somebody else was faster.", present.standing)


async def _decider(work: Work, case: Case) -> Decider:
    person = work.actor.id
    of_party = person is not None and await accounts.belongs_to(work, person, case.party)
    return Decider(person, of_party)


def _person(work: Work) -> UUID:
    if work.actor.kind is not ActorKind.USER or work.actor.id is None:
        raise NotAllowed("Only a person can hold a case.", advice="Sign in as a member of staff.")
    return work.actor.id


def _record(
    work: Work, action: str, case: Case, further: Mapping[str, Any] | None = None, words: str | None = None
) -> None:
    context = {
        "kind": case.kind,
        "subject": f"{case.subject_type} {case.subject_id}",
        "round": case.round,
        **(further or {}),
    }
    personal = {"reason": words} if words else {}
    work.record(Fact(action, "case", str(case.id), context=context, personal=personal))
