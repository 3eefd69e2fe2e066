"""`aei notices`."""

import json
from typing import Any

from aiohttp import web

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace, problem

LAST_AT = "2030-05-17T12:00:00Z"


def notice(**more: Any) -> dict[str, Any]:
    return {
        "id": "n1",
        "kind": "release.yanked",
        "severity": "warning",
        "title": "acme.counter 1.0.0 was withdrawn",
        "text": "You have it installed.\nReason given: counts twice",
        "count": 3,
        "last_at": LAST_AT,
        "read": False,
        **more,
    }


def holds(marketplace: Marketplace, *items: dict[str, Any]) -> None:
    inbox = {"items": items, "next_cursor": None, "total": len(items), "unread": len(items)}
    marketplace.answers["GET", "/api/notices"] = lambda: web.json_response(inbox)
    marketplace.answers["POST", "/api/notices/read"] = lambda: web.json_response({"marked": len(items)})


def test_notices_are_shown_with_how_often_and_whether_they_are_read(
    aei: Aei, marketplace: Marketplace
) -> None:
    holds(marketplace, notice())
    shown = aei("notices", "--limit", "5")
    assert shown.exit_code == 0, shown.stderr
    for words in ("acme.counter 1.0.0 was withdrawn", "counts twice", "3 times", "unread", "warning"):
        assert words in shown.stdout
    assert marketplace.last("GET", "/api/notices").query == {"limit": "5"}
    assert not any(seen.method == "POST" for seen in marketplace.seen)


def test_reading_marks_only_what_was_shown(aei: Aei, marketplace: Marketplace) -> None:
    holds(marketplace, notice())
    assert aei("notices", "--unread", "--read").exit_code == 0
    assert marketplace.last("GET", "/api/notices").query == {"unread": "true", "limit": "20"}
    assert marketplace.last("POST", "/api/notices/read").body == {"up_to": LAST_AT}


def test_without_notices_it_says_so_and_marks_nothing(aei: Aei, marketplace: Marketplace) -> None:
    holds(marketplace)
    assert "Nothing to know" in aei("notices", "--read").stdout
    assert not any(seen.method == "POST" for seen in marketplace.seen)


def test_notices_in_json_are_the_page_itself(aei: Aei, marketplace: Marketplace) -> None:
    holds(marketplace, notice())
    assert json.loads(aei("notices", "--json").stdout)["items"][0]["id"] == "n1"


def test_a_hostile_title_does_not_steer_the_terminal(aei: Aei, marketplace: Marketplace) -> None:
    holds(marketplace, notice(title="\x1b[2Jgone [bold]x[/bold]"))
    shown = aei("notices").stdout
    assert "\x1b[2J" not in shown
    assert "[bold]x[/bold]" in shown


def test_who_is_not_signed_in_is_told_and_ends_with_3(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.answers["GET", "/api/notices"] = lambda: problem(401, "Sign in first", "aei login")
    assert aei("notices").exit_code == 3
