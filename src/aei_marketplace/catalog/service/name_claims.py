"""Names that were refused: a publisher asks staff for one, and their decision gives it or does not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_marketplace.catalog.errors import (
    NameConfusable,
    NamespaceReserved,
    NamespaceTaken,
    NoSuchNameClaim,
    NothingRefused,
)
from aei_marketplace.catalog.rules.likeness import SAID, Likeness
from aei_marketplace.catalog.rules.names import CLAIM, LONGEST_REASON, Verdict, check_wanted
from aei_marketplace.catalog.service.namespaces import (
    own_publisher,
    refuse_appearing,
    refuse_name,
    refuse_namespace,
)
from aei_marketplace.catalog.store import names, publishers
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Case, Desk, Ruling, Subject
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work

#: How many of the names that a publisher asked for are listed.
MOST_ASKED = 20


@dataclass(frozen=True, slots=True)
class NameClaim:
    """A name that was refused and asked for.

    Attributes:
        name: a namespace, or the id of a plugin.
        likeness, resembles: why it was refused, and the name that it resembles.
        words: why the publisher should have it.
        granted_at: when staff granted it; None as long as they have not.
    """

    case_id: UUID
    name: str
    likeness: str
    resembles: str
    words: str
    created_at: datetime
    granted_at: datetime | None


@dataclass(frozen=True, slots=True)
class AskedName:
    """A name that the actor's publisher asked for, and the case in which staff decide it."""

    claim: NameClaim
    case: Case


@dataclass(frozen=True, slots=True)
class PublisherFacts:
    """What a publisher has, for those who decide about a name.

    Attributes:
        installs: of all its plugins together.
    """

    name: str
    verified: bool
    created_at: datetime
    namespaces: tuple[str, ...]
    plugins: int
    installs: int


@dataclass(frozen=True, slots=True)
class NameCase:
    """A name that is asked for, with both sides of the question.

    Attributes:
        said: in words, how the name relates to the one that it resembles.
        asker: who wants it.
        holder: who has the name that it resembles; None for one that is reserved.
    """

    claim: NameClaim
    said: str
    asker: PublisherFacts
    holder: PublisherFacts | None


async def ask_for_name(work: Work, name: str, words: str) -> NameClaim:
    """Ask staff for a name that was refused; asking again joins the case that waits.

    Raises:
        NothingRefused: it can be had without asking.
        NamespaceReserved, NameConfusable: the namespace of a plugin has to be asked for first.
        NamespaceTaken, NamespaceForeign: another publisher has it, which no decision changes.
        Invalid: it is not spelled like a name, or the words say nothing.
    """
    work.actor.require("plugin.publish", name if "." in name else f"{name}.*")
    publisher = await own_publisher(work)
    refusal = await _refusal(work, check_wanted(name), publisher)
    typed = clean_typed(words, LONGEST_REASON, "/reason")
    title = f"May {work.actor.tenant_slug} have the name {name}?"
    brought = await decisions.open_case(work, CLAIM, Subject("name", name, title, work.actor.in_tenant()))
    values = {
        "case_id": brought.case_id,
        "tenant_id": work.actor.in_tenant(),
        "publisher_id": publisher,
        "name": name,
        "likeness": str(refusal.extensions["likeness"]),
        "resembles": str(refusal.extensions["resembles"]),
        "words": typed,
        "created_at": work.now,
    }
    await names.add_claim(work, values)
    context = {"case": str(brought.case_id)}
    work.record(Fact("namespace.request", "name", name, context=context, personal={"reason": typed}))
    return await find_name_claim(work, brought.case_id)


async def find_name_claim(work: Work, case_id: UUID) -> NameClaim:
    """What was asked for in a case.

    Raises:
        NoSuchNameClaim: there is none that the actor may see.
    """
    for claim in await names_asked(work, [case_id]):
        return claim
    raise NoSuchNameClaim(f"Nobody asks for a name in case {case_id}.")


async def names_asked(work: Work, cases: Collection[UUID]) -> list[NameClaim]:
    """What was asked for in these cases, as far as the actor may see them."""
    work.actor.require("plugin.publish" if work.actor.tenant else "plugin.moderate")
    return [_claim(row) for row in await names.claims_of(work, cases)]


async def list_asked_names(work: Work) -> list[AskedName]:
    """What the actor's publisher asked for, the newest first; at most `MOST_ASKED` of them.

    Raises:
        NotAllowed: the actor does not publish.
    """
    work.actor.require_somewhere("plugin.publish")
    claims = [_claim(row) for row in await names.claims_by(work, work.actor.in_tenant(), MOST_ASKED)]
    cases = await decisions.find_cases(work, [claim.case_id for claim in claims])
    return [AskedName(claim, cases[claim.case_id]) for claim in claims]


async def describe_name_claim(work: Work, case_id: UUID) -> NameCase:
    """What staff should know when they decide about a name.

    Raises:
        NotAllowed: the actor does not moderate.
        NoSuchNameClaim: there is no such case.
    """
    work.actor.require("plugin.moderate")
    rows = await names.claims_of(work, [case_id])
    if not rows:
        raise NoSuchNameClaim(f"Nobody asks for a name in case {case_id}.")
    holder = await publishers.namespace_owner(work, rows[0].resembles.partition(".")[0])
    return NameCase(
        claim=_claim(rows[0]),
        said=SAID[Likeness(rows[0].likeness)],
        asker=await _facts(work, rows[0].publisher_id),
        holder=None if holder is None else await _facts(work, holder),
    )


async def decide_name_claim(work: Work, case_id: UUID, ruling: Ruling) -> Case:
    """Decide about a name; a granted one is the publisher's with the decision.

    Raises:
        NotAllowed: the actor does not moderate, or not this case.
        CaseNotFound, CaseSettled, CaseHeld, CaseMoved, Invalid: as `record_decision` says.
        NamespaceTaken: another publisher has the namespace by now.
    """
    work.actor.require("plugin.moderate")
    case = await decisions.record_decision(work, CLAIM, case_id, ruling)
    if ruling.verdict == Verdict.GRANT:
        claim = await names.hold_claim(work, case_id)
        assert claim is not None, "it was written in the work that opened the case"
        await _give(work, claim)
    return case


async def _refusal(work: Work, name: str, publisher: UUID) -> NamespaceReserved | NameConfusable:
    try:
        if "." in name:
            await refuse_name(work, name)
        else:
            await _refuse_namespace(work, name, publisher)
    except (NamespaceReserved, NameConfusable) as refusal:
        if refusal.extensions["name"] != name:
            raise  # the id's namespace has to be asked for first
        return refusal
    raise NothingRefused(f"Nothing keeps you from having {name}.")


async def _refuse_namespace(work: Work, name: str, publisher: UUID) -> None:
    owner = await publishers.namespace_owner(work, name)
    if owner is None:
        await refuse_namespace(work, name, publisher)
    elif owner == publisher:
        await refuse_appearing(work, name, publisher)
    else:
        raise NamespaceTaken(f"The namespace {name} has an owner.")


async def _give(work: Work, claim: Row[Any]) -> None:
    if "." not in claim.name and not await publishers.add_namespace(work, claim.name, claim.publisher_id):
        owner = await publishers.namespace_owner(work, claim.name)
        if owner != claim.publisher_id:
            raise NamespaceTaken(f"The namespace {claim.name} belongs to another publisher by now.")
    await names.mark_granted(work, claim.case_id)
    work.record(Fact("namespace.grant", "name", claim.name, context={"tenant": str(claim.tenant_id)}))


async def _facts(work: Work, publisher_id: UUID) -> PublisherFacts:
    row = await names.publisher_facts(work, publisher_id)
    return PublisherFacts(
        row.name, row.verified, row.created_at, tuple(row.namespaces), row.plugins, int(row.installs)
    )


def _claim(row: Row[Any]) -> NameClaim:
    return NameClaim(
        row.case_id, row.name, row.likeness, row.resembles, row.words, row.created_at, row.granted_at
    )


#: Where such cases are decided.
NAME_DESK = Desk(CLAIM, decide_name_claim)
