"""The link checker: finding links in this process, judging them in its component."""

import json
import sys
from typing import Any

import pytest

from aei_sdk.builder.cache import BuildCache
from aei_sdk.project import read_project
from tests.sdk.conftest import CLONE, KEPT_BUILDS, Aei
from tests.sdk.guests import Guest, component_of, err, ok

PROJECT = CLONE / "plugins" / "studio.linkcheck"
sys.path.insert(0, str(PROJECT / "src"))  # the guest's own modules; they need nothing of the host
from links import absolute, find_links  # noqa: E402 after the path

sys.path.pop(0)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("[a](https://e.example/x)", ["https://e.example/x"]),
        ('![a](/i.png "title")', ["/i.png"]),
        ("[a](<https://e.example/a b>)", ["https://e.example/a b"]),
        ("[a](https://e.example/w_(x))", ["https://e.example/w_(x)"]),
        ("[a]: https://e.example/ref", ["https://e.example/ref"]),
        ("<https://e.example/auto>", ["https://e.example/auto"]),
        (
            "see https://e.example/bare, or (https://e.example/in).",
            ["https://e.example/bare", "https://e.example/in"],
        ),
        ("`https://e.example/code` [a](#part)", []),
        ("```\nhttps://e.example/fenced\n```\nhttps://e.example/after", ["https://e.example/after"]),
        ("a note", []),
    ],
)
def test_markdown_links(text: str, links: list[str]) -> None:
    assert find_links(text, "markdown") == links


def test_html_links_of_all_elements_with_entities() -> None:
    page = '<p><a href="/a?x=1&amp;y=2">a</a><img src=b.png><link href=c.css><a name=x><a href="#top">'
    assert find_links(page) == ["/a?x=1&y=2", "b.png", "c.css"]


def test_plain_text_has_bare_addresses_only() -> None:
    assert find_links("[a](/x) http://e.example/y!", "text") == ["http://e.example/y"]


def test_relative_links_start_from_the_base_and_lose_their_fragment() -> None:
    assert absolute("../x#part", "https://e.example/a/b/") == "https://e.example/a/x"
    assert absolute("x", None) == "x"


def answer(status: int, url: str, **headers: str) -> Any:
    return ok(json.dumps({"status": status, "headers": headers, "body": "", "url": url}))


def fetch(_store: object, text: str) -> Any:
    """A small web: what each page of example.com does."""
    request = json.loads(text)
    url = request["url"]
    match url.rpartition("/")[2]:
        case "moved":
            return answer(301, url, Location="/there")
        case "loop":
            return answer(302, url, Location="/loop")
        case "away":
            return answer(302, url, location="https://elsewhere.example/denied")
        case "no-head" if request["method"] == "HEAD":
            return answer(405, url)
        case "gone":
            return answer(404, url)
        case "denied":
            return err("denied", "elsewhere.example is not granted")
        case "slow":
            return err("timeout", "no answer within 10 s")
        case "huge":
            return err("too_large", "more than 1 MiB")
        case _:
            return answer(200, url)


@pytest.fixture(scope="module")
def linkcheck() -> Guest:
    cache = BuildCache(KEPT_BUILDS)
    component = component_of(read_project(PROJECT), cache)
    return Guest(component, cache, http={"fetch": fetch}, config={"get": lambda _s: '{"max_links": 12}'})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "state", "words"),
    [
        ("fine", "ok", "200"),
        ("no-head", "ok", "200"),
        ("huge", "ok", "too large"),
        ("moved", "redirected", "https://example.com/there"),
        ("gone", "broken", "404"),
        ("slow", "broken", "timeout"),
        ("loop", "broken", "redirects"),
        ("denied", "denied", "not granted"),
        ("away", "denied", "not granted"),
    ],
)
def test_each_answer_has_its_verdict(linkcheck: Guest, page: str, state: str, words: str) -> None:
    result = linkcheck.ask({"urls": [f"https://example.com/{page}"]})
    (link,) = result["links"]
    assert link["state"] == state
    assert words in link["detail"]
    assert result["counts"][state] == 1


@pytest.mark.slow
def test_each_link_is_asked_for_once_and_at_most_max_links(linkcheck: Guest) -> None:
    text = " ".join(f"https://example.com/{i % 15}" for i in range(45))
    counts = linkcheck.ask({"text": text})["counts"]
    assert counts == {"ok": 12, "redirected": 0, "broken": 0, "denied": 0, "skipped": 3}


@pytest.mark.slow
def test_mail_and_relative_links_without_a_base_are_skipped(linkcheck: Guest) -> None:
    links = linkcheck.ask({"text": "[a](mailto:a@e.example) [b](/b)"})["links"]
    assert [link["state"] for link in links] == ["skipped", "skipped"]
    based = linkcheck.ask({"text": "[b](/b)", "base_url": "https://example.com/x"})["links"]
    assert [(link["url"], link["state"]) for link in based] == [("https://example.com/b", "ok")]


@pytest.mark.slow
def test_what_is_no_request_is_refused_in_words(linkcheck: Guest) -> None:
    assert "urls" in linkcheck.error({"pages": []})


@pytest.mark.slow
def test_the_projects_own_cases_pass_offline_with_the_answers_that_were_recorded(aei: Aei) -> None:
    tested = aei("plugin", "test", PROJECT, "--json")
    assert tested.exit_code == 0, tested.output
    report = json.loads(tested.stdout)
    answers = {case["name"]: case["answers"] for case in report["cases"]}
    assert answers["site"] == "recorded", "its hosts exist nowhere"
    assert report["stray_recordings"] == []
