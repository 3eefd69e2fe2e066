"""What staff should know about texts: flags, those alike, and the signatures by which they are found."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.models import review_flags, review_likenesses, review_signatures, reviews
from aei_marketplace.reviews.rules.flags import OF_MANY, Flag, FlagKind, Similar

#: Of a text that is written again and again, so many are compared.
_MOST_CANDIDATES = 500
_WITH_BANDS = text("select review_id, signature from reviews_with_bands(:bands, :most)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A review whose signature has a band in common with another's."""

    review_id: UUID
    signature: bytes


@dataclass(frozen=True, slots=True)
class Alike:
    """A review with nearly the same words, as staff read it.

    Attributes:
        score: what both say, in per cent of what either says.
    """

    review_id: UUID
    plugin_id: str
    version: str
    author: str
    rating: int
    text: str
    state: str
    score: int


async def flag(work: Work, review_id: UUID, flags: Sequence[Flag]) -> None:
    """Put these flags on a review, and take others off that are about its words.

    That it came with many others stays true, whatever is changed in it.
    """
    gone = [kind for kind in FlagKind if kind not in OF_MANY and kind not in {one.kind for one in flags}]
    theirs = (review_flags.c.review_id == review_id, review_flags.c.kind.in_(gone))
    await work.run(delete(review_flags).where(*theirs))
    await add_flags(work, {review_id: flags})


async def add_flags(work: Work, flags: Mapping[UUID, Iterable[Flag]]) -> None:
    """Put flags on reviews; of what a review has already the reason is told anew."""
    values = [
        {"review_id": review_id, "kind": one.kind, "reason": one.reason, "flagged_at": work.now}
        for review_id, found in flags.items()
        for one in found
    ]
    if not values:
        return
    new = insert(review_flags)
    told = {name: new.excluded[name] for name in ("reason", "flagged_at")}
    await work.run(new.on_conflict_do_update(index_elements=["review_id", "kind"], set_=told), values)


async def kinds_of(work: Work, review_ids: Collection[UUID]) -> dict[UUID, set[FlagKind]]:
    """Which flags each of these reviews has."""
    found = await flags_of(work, review_ids)
    return {review_id: {one.kind for one in flags} for review_id, flags in found.items()}


async def flags_of(work: Work, review_ids: Collection[UUID]) -> dict[UUID, list[Flag]]:
    """The flags on these reviews."""
    wanted = select(review_flags).where(review_flags.c.review_id.in_(review_ids))
    found: dict[UUID, list[Flag]] = {}
    for row in await work.run(wanted.order_by(review_flags.c.kind)):
        found.setdefault(row.review_id, []).append(Flag(FlagKind(row.kind), row.reason))
    return found


async def sign(work: Work, review_id: UUID, signature: bytes | None, bands: Sequence[int]) -> None:
    """Keep what a text comes to, so that others find it; None takes it away."""
    if signature is None:
        await work.run(delete(review_signatures).where(review_signatures.c.review_id == review_id))
        return
    values = {"signature": signature, "bands": list(bands)}
    new = insert(review_signatures).values(review_id=review_id, **values)
    await work.run(new.on_conflict_do_update(index_elements=["review_id"], set_=values))


async def candidates(work: Work, review_id: UUID, bands: Sequence[int]) -> list[Candidate]:
    """Other reviews that have one of these bands."""
    rows = await work.run(_WITH_BANDS, {"bands": list(bands), "most": _MOST_CANDIDATES})
    return [Candidate(row.review_id, row.signature) for row in rows if row.review_id != review_id]


async def texts_of(work: Work, review_ids: Collection[UUID]) -> dict[UUID, tuple[str, str, UUID | None]]:
    """Of each review the plugin, the text, and the writer."""
    wanted = select(reviews.c.id, reviews.c.plugin_id, reviews.c.text, reviews.c.writer_id)
    rows = await work.run(wanted.where(reviews.c.id.in_(review_ids)))
    return {row.id: (row.plugin_id, row.text, row.writer_id) for row in rows}


async def liken(work: Work, review_id: UUID, similar: Iterable[Similar]) -> None:
    """Keep which reviews a review is like, and forget what was known of it before."""
    await work.run(delete(review_likenesses).where(review_likenesses.c.review_id == review_id))
    values = [{"review_id": review_id, "other_id": one.review_id, "score": one.score} for one in similar]
    if values:
        await work.run(insert(review_likenesses), values)


async def alike(work: Work, review_ids: Collection[UUID]) -> dict[UUID, list[Alike]]:
    """What these reviews are like, the most alike first."""
    kept = review_likenesses.c
    wanted = select(
        kept.review_id.label("of"), reviews.c.id.label("review_id"), kept.score,
        *(reviews.c[name] for name in ("plugin_id", "version", "author", "rating", "text", "state")),
    ).join(reviews, reviews.c.id == kept.other_id).where(kept.review_id.in_(review_ids))  # fmt: skip
    found: dict[UUID, list[Alike]] = {}
    for row in await work.run(wanted.order_by(kept.score.desc(), kept.other_id)):
        values = dict(row._mapping)
        found.setdefault(values.pop("of"), []).append(Alike(**values))
    return found


async def count_flags(work: Work) -> dict[FlagKind, int]:
    """How many of the reviews that wait have each flag."""
    wanted = select(review_flags.c.kind, func.count().label("many"))
    waiting = wanted.where(review_flags.c.waiting_since.is_not(None))
    rows = await work.run(waiting.group_by(review_flags.c.kind))
    found = {FlagKind(row.kind): row.many for row in rows}
    return {kind: found.get(kind, 0) for kind in FlagKind}
