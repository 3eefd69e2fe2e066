"""A section takes its own paths and passes over all others."""

import pytest
from fastapi import APIRouter
from starlette.routing import Match, Mount

from aei_marketplace.app import ROUTERS
from aei_marketplace.web.section import Section


def request(path: str, method: str = "GET") -> dict[str, object]:
    return {"type": "http", "path": path, "method": method, "root_path": "", "headers": []}


async def answer() -> None: ...


@pytest.fixture
def section() -> Section:
    inner, outer = APIRouter(prefix="/inner"), APIRouter()
    inner.add_api_route("/{name}/deep", answer)
    outer.include_router(inner)
    outer.add_api_route("/exact", answer, methods=["POST"])
    outer.routes.append(Mount("/files", app=APIRouter()))
    return Section(outer)


def found(section: Section, path: str, method: str = "GET") -> Match:
    app = APIRouter()
    app.include_router(section)
    return app.routes[0].matches(request(path, method))[0]


@pytest.mark.parametrize("path", ["/inner/a/deep", "/files/a.css"])
def test_its_own_paths_are_found(section: Section, path: str) -> None:
    assert found(section, path) is Match.FULL


def test_a_path_of_its_own_with_another_method_is_found_as_such(section: Section) -> None:
    assert found(section, "/exact", "POST") is Match.FULL
    assert found(section, "/exact", "GET") is Match.PARTIAL


@pytest.mark.parametrize("path", ["/", "/inner", "/other/inner/a/deep", "/exactly", "/file"])
def test_other_paths_are_not(section: Section, path: str) -> None:
    assert found(section, path) is Match.NONE


@pytest.mark.parametrize("router", ROUTERS, ids=[str(place) for place in range(len(ROUTERS))])
def test_no_section_of_the_application_looks_at_every_path(router: APIRouter) -> None:
    assert "" not in Section(router)._beginnings
