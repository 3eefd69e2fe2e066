"""Appeals: a writer asks for a second look at a decision, and another member of the staff takes it."""

from dataclasses import replace
from uuid import UUID

from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Case, Desk, Ruling, Subject
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.errors import DecidedItYourself, ReviewNotFound
from aei_marketplace.reviews.events import ReviewJudged
from aei_marketplace.reviews.rules import texts
from aei_marketplace.reviews.rules.appeals import KIND, Verdict, check_appeal
from aei_marketplace.reviews.rules.views import Review, ReviewState
from aei_marketplace.reviews.service.deciders import decider_of
from aei_marketplace.reviews.service.publishing import publish, tell_of_change
from aei_marketplace.reviews.service.writing import own_review
from aei_marketplace.reviews.store import published, reports, reviews


async def appeal_review(work: Work, review_id: UUID, words: str) -> Review:
    """Appeal a decision that keeps one's own review from being read, once; it stands until the second.

    Raises:
        NotAllowed: the actor may not review.
        ReviewNotFound: they wrote no such review.
        NothingToAppeal: no decision keeps it from being read, it was appealed, or the time is over.
        Invalid: the words say nothing.
    """
    work.actor.require("review.write")
    words = texts.check_text(words, texts.LONGEST_REASON, "/reason")
    review = await own_review(work, review_id)
    check_appeal(review, work.now)
    title = f"Review of {review.plugin_id} {review.version}"
    subject = Subject("review", str(review_id), title, work.actor.in_tenant())
    brought = await decisions.open_case(work, KIND, subject)
    appealed = replace(review, appeal_case=brought.case_id, appeal_words=words)
    await reviews.save(work, appealed)
    context = {"plugin": review.plugin_id, "case": str(brought.case_id)}
    work.record(Fact("review.appeal", "review", str(review_id), context=context, personal={"reason": words}))
    return appealed


async def decide_appeal(work: Work, case_id: UUID, ruling: Ruling) -> Case:
    """Decide an appeal: the decision stands, or the review is read; its writer is told why.

    Raises:
        NotAllowed: the actor does not moderate, or not this case; who made the decision does not, and who
            belongs to the plugin's publisher.
        CaseNotFound, CaseSettled, CaseHeld, CaseMoved, Invalid: as `record_decision` says.
    """
    work.actor.require("review.moderate")
    # The review before its case, as an edit takes the two: each would wait for the other else.
    review = await _appealed(work, case_id)
    case = await decisions.record_decision(work, KIND, case_id, ruling)
    if review is None or review.appeal_case != case_id:
        raise ReviewNotFound("The review of this appeal is no more.")
    if review.decided_by == work.actor.id:
        raise DecidedItYourself("You made the decision that is appealed.")
    (await decider_of(work, [review.plugin_id])).check(review.plugin_id, writer=review.writer_id)
    if ruling.verdict == Verdict.PUBLISH:
        review = await _publish(work, review)
    review = replace(review, reason=case.reason)
    await reviews.save(work, review)
    judged = (str(review.state), case.reason, review.writer_id, review.tenant_id)
    work.emit(ReviewJudged(review.id, review.plugin_id, *judged))
    return case


async def _appealed(work: Work, case_id: UUID) -> Review | None:
    case = await decisions.find_case(work, case_id)
    return await reviews.find(work, UUID(case.subject_id), hold=True) if case.kind == KIND.name else None


async def _publish(work: Work, review: Review) -> Review:
    # Who complained about the very words that are read again was not right after all.
    shown_before = await published.find(work, review.id)
    if shown_before is not None:
        await reports.overturn(work, review.id, shown_before.updated_at)
    shown = replace(
        review,
        state=ReviewState.APPROVED,
        appeal_case=None,
        appeal_words=None,
        decided_by=work.actor.id,
        decided_at=work.now,
    )
    await publish(work, shown)
    tell_of_change(work, [shown.plugin_id])
    context = {"plugin": shown.plugin_id, "appeal": True}
    work.record(Fact("review.approve", "review", str(shown.id), context=context))
    return shown


#: Where such cases are decided.
DESK = Desk(KIND, decide_appeal)
