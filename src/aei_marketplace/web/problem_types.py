"""What each problem type means: where the `type` of a problem document leads."""

from collections.abc import Iterator

from fastapi import APIRouter, Response

from aei_marketplace.ground.errors import NotFound, Refusal
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/problems", tags=["problems"])


class NoSuchProblem(NotFound):
    """There is no problem type of that name."""

    type = "no-such-problem-type"


@router.get("")
async def list_types() -> Response:
    """Every problem type that an answer can have."""
    types = [_shape(kind) for _, kind in sorted(_kinds().items())]
    return json_answer({"items": types, "next_cursor": None, "total": len(types)})


@router.get("/{name}")
async def explain(name: str) -> Response:
    """One problem type: what it means and what to do."""
    kind = _kinds().get(name)
    if kind is None:
        raise NoSuchProblem(f"There is no problem type {name[:60]!r}.")
    return json_answer(_shape(kind))


def _kinds() -> dict[str, type[Refusal]]:
    # A parent that shares its name with a child explains it better.
    return {kind.type: kind for kind in reversed([*_family(Refusal)])}


def _family(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)


def _shape(kind: type[Refusal]) -> dict[str, object]:
    meaning = (kind.__doc__ or "").strip().splitlines()[0]
    return {
        "type": f"/problems/{kind.type}",
        "title": kind.title,
        "status": kind.status,
        "meaning": meaning,
        "advice": kind.advice,
        "retry": kind.retry,
    }
