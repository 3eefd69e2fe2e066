"""`aei review`."""

import json
from typing import Any

import pytest
from aiohttp import web

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace, problem

PLUGIN, PLACE = "/api/plugins/acme.counter/reviews", "/api/plugins/reviews"


def review(**more: Any) -> dict[str, Any]:
    return {
        "id": "r1",
        "plugin_id": "acme.counter",
        "version": "1.1.0",
        "rating": 4,
        "text": "It counts.",
        "state": "pending",
        "reason": None,
        "author": "Ada",
        "reply": None,
        "helpful": 2,
        "executions": 7,
        "revision": 1,
        **more,
    }


def serve(marketplace: Marketplace, method: str, path: str, answer: Any) -> None:
    marketplace.answers[(method, path)] = lambda: web.json_response(answer)


def test_reviews_are_listed_with_their_rating_and_replies(aei: Aei, marketplace: Marketplace) -> None:
    reply = {"author": "Acme", "text": "Thank you.", "written_at": "2030-05-17T12:00:00Z"}
    hostile = review(id="r2", rating=1, text="Bad\x1b[2J", executions=0)
    page = {
        "items": [review(reply=reply), hostile],
        "next_cursor": None,
        "total": 9,
        "rating": {"average": 2.5, "count": 2, "distribution": {}, "versions": []},
    }
    serve(marketplace, "GET", PLUGIN, page)
    assert json.loads(aei("review", "list", "acme.counter", "--json").stdout) == page
    shown = aei("review", "list", "acme.counter", "--sort", "helpful", "--rating", "4", "--limit", "2")
    assert shown.exit_code == 0, shown.stderr
    for words in ("2.5 of 5 from 2", "★★★★☆", "ran it 7 times", "Acme replies: Thank you.", "Bad\\x1b[2J"):
        assert words in shown.stdout, words
    query = marketplace.last("GET", PLUGIN).query
    assert query == {"sort": "helpful", "rating": "4", "limit": "2"}


def test_a_review_is_written_edited_confirmed_and_appealed(aei: Aei, marketplace: Marketplace) -> None:
    serve(marketplace, "POST", PLUGIN, review())
    written = aei("review", "write", "acme.counter", "--rating", "4", "--text", "It counts.")
    assert written.exit_code == 0, written.stderr
    assert "waits for staff; it is r1" in written.stdout
    sent = marketplace.last("POST", PLUGIN)
    assert (sent.body, bool(sent.headers["Idempotency-Key"])) == ({"rating": 4, "text": "It counts."}, True)
    serve(marketplace, "PUT", f"{PLACE}/r1", review(state="approved"))
    edited = aei("review", "edit", "r1", "--rating", "5", "--text", "Better.")
    assert "is read by everybody now" in edited.stdout
    serve(marketplace, "POST", f"{PLACE}/r1/confirm", review(version="1.2.0"))
    assert "holds for 1.2.0" in aei("review", "confirm", "r1").stdout
    serve(marketplace, "POST", f"{PLACE}/r1/appeal", review(state="rejected"))
    assert aei("review", "appeal", "r1", "--reason", "It is true.").exit_code == 0
    assert marketplace.last("POST", f"{PLACE}/r1/appeal").body == {"reason": "It is true."}
    serve(
        marketplace,
        "GET",
        f"{PLACE}/mine",
        {"items": [review(reason="spam")], "next_cursor": None, "total": 1},
    )
    assert "spam" in aei("review", "mine").stdout


def test_others_mark_report_and_answer_a_review(aei: Aei, marketplace: Marketplace) -> None:
    serve(marketplace, "PUT", f"{PLACE}/r1/helpful", {"helpful": 3})
    assert "3 found it helpful" in aei("review", "helpful", "r1").stdout
    serve(marketplace, "DELETE", f"{PLACE}/r1/helpful", {"helpful": 2})
    assert "Taken back" in aei("review", "helpful", "r1", "--undo").stdout
    serve(marketplace, "POST", f"{PLACE}/r1/report", {"id": "c1"})
    assert aei("review", "report", "r1", "--kind", "spam", "--note", "a shop").exit_code == 0
    assert marketplace.last("POST", f"{PLACE}/r1/report").body == {"kind": "spam", "note": "a shop"}
    serve(marketplace, "POST", f"{PLACE}/r1/reply", {"text": "Thank you."})
    assert "waits for staff" in aei("review", "reply", "r1", "--text", "Thank you.").stdout


def test_staff_see_the_queue_decide_and_take_it_back(aei: Aei, marketplace: Marketplace) -> None:
    flagged = {
        "waiting_since": "2030-05-17T12:00:00Z",
        "due_at": "2030-05-18T12:00:00Z",
        "possible": ["approved", "rejected"],
        "flags": [{"kind": "links", "reason": "2 links to hosts."}],
        "similar": [],
        "reports": [{"kind": "spam", "note": ""}],
        "language": "en",
        "obstacle": {"type": "/problems/own-publisher", "detail": "You belong to the publisher."},
    }
    page = {"items": [review(**flagged)], "next_cursor": None, "total": 1}
    serve(marketplace, "GET", f"{PLACE}/moderation", page)
    shown = aei("review", "moderate", "queue", "--flag", "links")
    for words in (
        "r1  acme.counter 1.1.0, 4 of 5",
        "links: 2 links to hosts.",
        "1 reports",
        "You belong to the",
    ):
        assert words in shown.stdout, words
    assert marketplace.last("GET", f"{PLACE}/moderation").query == {"flag": "links", "limit": "20"}
    done = [{"id": "r1", "state": "approved", "problem": None}]
    batch = {"id": "b1", "undo_until": "2030-05-17T12:10:00Z", "items": done}
    serve(marketplace, "POST", f"{PLACE}/decisions", batch)
    decided = aei("review", "moderate", "decide", "r1", "--state", "approved")
    assert decided.exit_code == 0, decided.stderr
    assert "aei review moderate undo b1" in decided.stderr
    body = {"reviews": ["r1"], "state": "approved", "reason": None}
    assert marketplace.last("POST", f"{PLACE}/decisions").body == body
    serve(marketplace, "POST", f"{PLACE}/decisions/b1/undo", {"items": [{**done[0], "state": "pending"}]})
    assert "pending" in aei("review", "moderate", "undo", "b1").stdout


def test_staff_decide_about_replies_as_about_reviews(aei: Aei, marketplace: Marketplace) -> None:
    waiting = {
        "review_id": "r1", "plugin_id": "acme.counter", "author": "Acme", "text": "Thank you.",
        "state": "pending", "answers": {"author": "Ada", "rating": 4, "text": "It counts."}, "obstacle": None,
    }  # fmt: skip
    serve(marketplace, "GET", f"{PLACE}/moderation", {"items": [waiting], "next_cursor": None, "total": 1})
    shown = aei("review", "moderate", "queue", "--replies")
    assert shown.exit_code == 0, shown.stderr
    for words in ("r1  acme.counter, by Acme", "to Ada, 4 of 5: It counts.", "Thank you."):
        assert words in shown.stdout, words
    assert marketplace.last("GET", f"{PLACE}/moderation").query == {"replies": "true", "limit": "20"}
    assert aei("review", "moderate", "queue", "--replies", "--flag", "links").exit_code == 2
    done = [{"id": "r1", "state": "approved", "problem": None}]
    batch = {"id": "b1", "undo_until": "2030-05-17T12:10:00Z", "items": done}
    serve(marketplace, "POST", f"{PLACE}/decisions", batch)
    assert aei("review", "moderate", "decide", "r1", "--state", "approved", "--replies").exit_code == 0
    assert marketplace.last("POST", f"{PLACE}/decisions").body["replies"] is True


def test_all_that_is_kept_of_a_person_is_written_as_json(aei: Aei, marketplace: Marketplace) -> None:
    kept = {"reviews": [review()], "reports": [], "helpful": []}
    serve(marketplace, "GET", f"{PLACE}/mine/export", kept)
    assert json.loads(aei("review", "export").stdout) == kept


def test_a_review_that_could_not_be_decided_ends_with_5(aei: Aei, marketplace: Marketplace) -> None:
    late = {"id": "r1", "state": "rejected", "problem": {"detail": "The review is rejected."}}
    serve(marketplace, "POST", f"{PLACE}/decisions", {"id": "b1", "undo_until": None, "items": [late]})
    decided = aei("review", "moderate", "decide", "r1", "--state", "approved", "--json")
    assert decided.exit_code == 5
    assert json.loads(decided.stdout)["items"] == [late]


def test_a_refusal_ends_with_3_and_says_what_to_do(aei: Aei, marketplace: Marketplace) -> None:
    answer = problem(403, "Not allowed", "Your tenant publishes this plugin.")
    marketplace.answers[("POST", PLUGIN)] = lambda: answer
    result = aei("review", "write", "acme.counter", "--rating", "5", "--text", "Splendid.")
    assert result.exit_code == 3
    assert "Your tenant publishes this plugin" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("write", "acme.counter", "--rating", "0", "--text", "x"),
        ("write", "acme.counter", "--rating", "4.5", "--text", "x"),
        ("write", "acme.counter", "--text", "x"),
        ("write", "no id", "--rating", "4", "--text", "x"),
        ("report", "r1", "--kind", "boring"),
        ("list", "acme.counter", "--sort", "random"),
        ("moderate", "decide", "r1", "--state", "splendid"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_sends_nothing(
    aei: Aei, marketplace: Marketplace, words: tuple[str, ...]
) -> None:
    assert aei("review", *words).exit_code == 2
    assert not marketplace.seen
