"""A cursor that no list here wrote is refused on every route that takes one."""

import re
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import encode_cursor
from tests.builders import make_staff, make_tenant
from tests.serving import Answer, serving

ID = str(UUID(int=7))
BEFORE_ALL_TIMES = datetime.min.replace(tzinfo=timezone(timedelta(hours=23))).isoformat()
#: What is of no list, and what looks like a position until it is read.
STRANGE = [{"of": "no list"}, "a\0b", ["2026-11-23T10:00:00", ID], [BEFORE_ALL_TIMES, ID]]
#: Parameters without which a route answers nothing.
ASKED = {"plugin": "acme.links", "period": "2026-11"}


def _with_cursors(described: Any) -> list[str]:
    """The addresses of all lists that the description of the interface names, each up to its cursor."""
    found = []
    for path, methods in described["paths"].items():
        parameters = [p for p in methods.get("get", {}).get("parameters", ()) if p["in"] == "query"]
        if any(p["name"] == "cursor" for p in parameters):
            needed = {p["name"]: ASKED[p["name"]] for p in parameters if p.get("required")}
            place = re.sub(r"\{(\w+)\}", lambda name: "acme.links" if "plugin" in name[1] else ID, path)
            found.append(f"{place}?{urlencode(needed)}&cursor=")
    return found


async def test_a_cursor_of_no_list_is_refused_everywhere_and_never_an_error_of_the_server(
    deps: Deps, urls: DatabaseUrls
):
    acme = await make_tenant(deps.works, "acme")
    _, staff = await make_staff(deps.works)
    taken = []
    async with serving(create_app(deps, urls.app)) as client:
        lists = _with_cursors((await client.get("/api/openapi.json")).json)
        for each in lists:
            first = await client.get(each + encode_cursor(STRANGE[0]), acme.tokens["Admin"])
            token = acme.tokens["Admin"] if _refused(first) else staff
            for said in STRANGE:
                answer = await client.get(each + encode_cursor(said), token)
                if not _refused(answer):
                    taken.append((each, said, answer.status))
    assert len(lists) > 15
    assert taken == []


def _refused(answer: Answer) -> bool:
    # Lists of what is not there answer that first.
    named = [fault["pointer"] for fault in answer.json.get("errors", ())]
    return answer.status == 404 or (answer.status == 422 and named == ["cursor"])
