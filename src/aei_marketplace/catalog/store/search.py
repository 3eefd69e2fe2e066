"""Finding plugins: which match, in which order, and how many there are of each sort."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, func, literal, or_, select, true

from aei_marketplace.catalog.models import plugins, publishers, release_compatibility, releases
from aei_marketplace.catalog.rules.searching import NO_PERMISSION, Criteria, Sort
from aei_marketplace.catalog.rules.states import OFFERED
from aei_marketplace.catalog.rules.versions import precedence_key, prerelease_core
from aei_marketplace.catalog.rules.views import PluginView
from aei_marketplace.catalog.store.plugins import ENGLISH, SIMPLE, view_of, view_query
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work

#: Ranks are whole numbers, so that a cursor can hold them exactly.
_FINE = 1_000_000
_EXACT, _PREFIX = 1_000, 100
#: How many imagined reviews of the mean rating a plugin starts with.
_PRIOR_REVIEWS, _PRIOR_RATING = 10, 4


async def find_page(
    work: Work, criteria: Criteria, page: PageWanted
) -> tuple[list[tuple[PluginView, int]], int]:
    """Matching plugins with their rank, best first, one more than the page takes; and how many match.

    The cursor's position is `[rank, id]` of the last plugin.
    """
    rank = _rank(criteria).label("rank")
    wanted = view_query(rank).where(*matching(criteria)).order_by(rank.desc(), plugins.c.id)
    if page.after is not None:
        wanted = wanted.where(_after(_rank(criteria), *page.after))
    rows = (await work.run(wanted.limit(page.limit + 1))).all()
    return [(view_of(row), row.rank) for row in rows], await _count(work, criteria)


async def count_facets(work: Work, criteria: Criteria) -> dict[str, dict[str, int]]:
    """How many plugins there are of each category, kind, permission and price.

    Each facet counts under all conditions but its own, so that it says what choosing another value gives.
    """
    price = case((plugins.c.pricing_model == "free", "free"), else_="paid")
    values = {
        "category": func.unnest(plugins.c.categories),
        "kind": plugins.c.kind,
        "permission": func.unnest(plugins.c.permissions),
        "price": price,
    }
    return {
        name: await _count_by(work, value, matching(criteria, without=name)) for name, value in values.items()
    }


def matching(criteria: Criteria, without: str | None = None) -> list[ColumnElement[bool]]:
    """The conditions of a search, the one named `without` left out."""
    conditions = {
        "offered": plugins.c.latest_preview.is_not(None),
        "q": _says(criteria),
        "category": _any(criteria.category, lambda v: plugins.c.categories.contains([v])),
        "kind": _any(criteria.kind, lambda v: plugins.c.kind == v),
        "permission": _any(criteria.permission, _requests),
        "price": _any(criteria.price, lambda v: (plugins.c.pricing_model == "free") == (v == "free")),
        "publisher": _any(criteria.publisher, _is_of),
        "certified": literal(criteria.certified is not True),  # certification has not begun
        "compatible_with": _any(criteria.compatible_with, _supports),
    }
    return [condition for name, condition in conditions.items() if name != without]


def _any(value: Any, condition: Any) -> ColumnElement[bool]:
    return true() if value is None else condition(value)


def _requests(permission: str) -> ColumnElement[bool]:
    if permission == NO_PERMISSION:
        return func.cardinality(plugins.c.permissions) == 0
    return plugins.c.permissions.contains([permission])


def _is_of(publisher: str) -> ColumnElement[bool]:
    name = publisher.lower()
    named = select(publishers.c.id).where(func.lower(publishers.c.name) == name)
    return or_(plugins.c.namespace == name, plugins.c.publisher_id.in_(named))


def _supports(aei_version: str) -> ColumnElement[bool]:
    """Some offered release supports this version of AEI."""
    key, core = precedence_key(aei_version), prerelease_core(aei_version)
    inside = and_(release_compatibility.c.lower <= key, release_compatibility.c.upper > key)
    if core is not None:
        inside = and_(inside, release_compatibility.c.prerelease_cores.contains([core]))
    supporting = (
        select(literal(1))
        .select_from(
            releases.join(release_compatibility, release_compatibility.c.release_id == releases.c.id)
        )
        .where(releases.c.plugin_id == plugins.c.id, releases.c.state.in_(OFFERED), inside)
    )
    return supporting.exists()


def _says(criteria: Criteria) -> ColumnElement[bool]:
    text = (criteria.q or "").strip().lower()
    if not text:
        return true()
    parts = [
        func.strpos(func.lower(plugins.c.name), text) > 0,
        func.strpos(plugins.c.id, text) > 0,
    ]
    if criteria.words:
        parts.append(plugins.c.search.op("@@")(_query(criteria)))
    return or_(*parts)


def _query(criteria: Criteria) -> Any:
    """All words, each also as a prefix; only letters, digits and underscores stand between the quotes."""
    words = " & ".join(f"'{word}':*" for word in criteria.words)
    return func.to_tsquery(ENGLISH, words).op("||")(func.to_tsquery(SIMPLE, words))


def _rank(criteria: Criteria) -> ColumnElement[int]:
    """What the order goes by, the highest first."""
    if criteria.sort is Sort.UPDATED:
        return cast(func.extract("epoch", plugins.c.updated_at) * _FINE, BigInteger)
    if criteria.sort is Sort.INSTALLS:
        return cast(plugins.c.installs, BigInteger)
    if criteria.sort is Sort.RATING:
        return cast(_rating() * _FINE, BigInteger)
    return cast((_relevance(criteria) + _popularity()) * _FINE, BigInteger)


def _relevance(criteria: Criteria) -> Any:
    """Exact id or name first, then those that begin so, then by where the words stand."""
    text = (criteria.q or "").strip().lower()
    if not text:
        return literal(0)
    name, own_name = func.lower(plugins.c.name), func.split_part(plugins.c.id, ".", 2)
    exact = or_(plugins.c.id == text, name == text, own_name == text)
    begins = or_(*(func.starts_with(value, text) for value in (plugins.c.id, name, own_name)))
    words = func.ts_rank(plugins.c.search, _query(criteria)) * 20 if criteria.words else literal(0)
    return case((exact, _EXACT), (begins, _PREFIX), else_=0) + words


def _popularity() -> Any:
    """0 without installations, 1 at ten, 2 at a hundred."""
    return func.log(plugins.c.installs + 1) + (_rating() - _PRIOR_RATING) / 4


def _rating() -> Any:
    """The mean rating, drawn towards the usual one where there are few reviews."""
    total = plugins.c.rating_sum + _PRIOR_REVIEWS * _PRIOR_RATING
    return cast(total, BigInteger) * 1.0 / (plugins.c.rating_count + _PRIOR_REVIEWS)


def _after(rank: ColumnElement[int], last_rank: int, last_id: str) -> ColumnElement[bool]:
    return or_(rank < last_rank, and_(rank == last_rank, plugins.c.id > last_id))


async def _count(work: Work, criteria: Criteria) -> int:
    counted = select(func.count()).select_from(plugins).where(*matching(criteria))
    return int((await work.run(counted)).scalar_one())


async def _count_by(work: Work, value: Any, conditions: list[ColumnElement[bool]]) -> dict[str, int]:
    inner: Select[Any] = select(value.label("value")).select_from(plugins).where(*conditions)
    found = inner.subquery()
    counted = select(found.c.value, func.count().label("many")).group_by(found.c.value)
    return {row.value: row.many for row in (await work.run(counted.order_by(found.c.value))).all()}
