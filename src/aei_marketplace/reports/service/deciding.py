"""Staff's decision about a reported plugin: recorded and carried out in one work."""

from uuid import UUID

from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Case, Desk, Ruling
from aei_marketplace.ground.work import Work
from aei_marketplace.reports.rules.verdicts import KIND, Verdict
from aei_marketplace.reports.service.stopping import give_back, stop_reported
from aei_marketplace.reports.store import reports


async def decide_report(work: Work, case_id: UUID, ruling: Ruling) -> Case:
    """Decide a case about a plugin; its reason is shown to everybody who looks at the releases.

    Raises:
        NotAllowed: the actor does not moderate, or not this case; blocking needs the kill list as well.
        ProofNeeded: blocking, from a session whose last proof is too old.
        CaseNotFound, CaseSettled, CaseHeld, CaseMoved, Invalid: as `record_decision` says.
        StateChangeRefused: a release cannot be moved so.
    """
    work.actor.require("plugin.moderate")
    if ruling.verdict == Verdict.BLOCK:
        work.actor.require("killlist.administer")
        work.actor.require_recent_proof(work.now)
    case = await decisions.record_decision(work, KIND, case_id, ruling)
    verdict = Verdict(ruling.verdict)
    # Held before the plugin, in the order of `quarantine_reported`: the two never wait for each other.
    filed = await reports.of_case(work, case_id)
    if verdict is Verdict.DISMISS:
        await give_back(work, case)
    else:
        await stop_reported(work, case, filed, verdict, case.reason or "")
    await reports.settle(work, case_id, verdict.outcome)
    return case


#: Where such cases are decided.
DESK = Desk(KIND, decide_report)
