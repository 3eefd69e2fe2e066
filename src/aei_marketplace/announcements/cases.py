"""Who is told of cases: the party of a decision, and the staff of an appeal."""

from aei_marketplace.announcements.telling import JOB
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.events import CaseAppealed, CaseDecided
from aei_marketplace.decisions.service import Case
from aei_marketplace.desks import DESKS
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders, to_staff

#: Kinds of cases that the party brings itself: it waits for the answer, whatever it is.
_ASKED_FOR = frozenset({"namespace_claim"})
#: Kinds of cases about one person of the party, who alone is told, by their own notice.
_PERSONAL = frozenset({"review_appeal"})


async def case_decided(deps: Deps, event: CaseDecided, trace_id: str) -> None:
    """Tell the tenant that the decision touches, unless it asks nothing of them that they knew of."""
    kind = DESKS[event.case_kind].kind
    if event.case_kind in _PERSONAL:
        return
    if event.verdict in kind.favourable and event.round == 1 and event.case_kind not in _ASKED_FOR:
        return  # nothing was done to them
    async with deps.works.system(JOB, trace_id) as work:
        case = await decisions.find_case(work, event.case_id)
        data = {
            "subject": event.subject_id,
            "verdict": event.verdict,
            "reason": case.reason or "none",
            "appeal": _appeal(case),
        }
        to = to_holders(event.party, kind.appeal_action)
        about = Subject("decision", f"{event.case_id}/{event.round}")
        await notices.notify(work, Notice("case.decided", to, about, data))


async def case_appealed(deps: Deps, event: CaseAppealed, trace_id: str) -> None:
    """Tell the staff who decide such cases."""
    to = to_staff(DESKS[event.case_kind].kind.action)
    async with deps.works.system(JOB, trace_id) as work:
        about = Subject("case", str(event.case_id))
        await notices.notify(work, Notice("case.appealed", to, about, {"subject": event.subject_id}))


def _appeal(case: Case) -> str:
    if case.appeal_until is None:
        return "It stands for good."
    return f"You can appeal it until {case.appeal_until:%Y-%m-%d %H:%M} UTC."
