"""`aei namespace`, `aei publisher` and `aei trust`."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace, problem

ADA, GRACE = "0193b2c4-0000-7000-8000-00000000000a", "0193b2c4-0000-7000-8000-00000000000b"
ACME = {
    "name": "acme",
    "members_only": False,
    "role": None,
    "administers": True,
    "plugins": 3,
    "created_at": "2030-01-01T00:00:00Z",
}
OFFER = {
    "id": "t1", "namespace": "acme", "from": "acme", "to": "globex", "state": "offered",
    "offered_at": "2030-01-01T00:00:00Z", "expires_at": "2030-01-08T00:00:00Z", "ended_at": None,
}  # fmt: skip
MEMBERS = [
    {"user_id": ADA, "name": "Ada", "role": "owner", "named_by": None, "named_at": "2030-01-01T00:00:00Z"},
    {
        "user_id": GRACE,
        "name": "Grace",
        "role": "maintainer",
        "named_by": ADA,
        "named_at": "2030-01-02T00:00:00Z",
    },
]
PROOF = {
    "id": "p1", "domain": "acme.example", "method": "dns", "state": "waiting", "problem": "nobody answers",
    "place": "_aei-publisher.acme.example", "expected": "aei-publisher-verification=abc",
    "created_at": "2030-01-01T00:00:00Z", "checked_at": None, "expires_at": "2030-01-08T00:00:00Z",
}  # fmt: skip
TRUSTED = {
    "id": "w1", "plugin": "acme.counter", "issuer": "https://issuer.example", "repository": "acme/counter",
    "repository_id": None, "workflow": "release.yml", "environment": "release",
    "created_at": "2030-01-01T00:00:00Z",
}  # fmt: skip
TRUST = (
    "trust", "add", "acme.counter", "--issuer", "https://issuer.example", "--repository", "acme/counter",
    "--workflow", "release.yml", "--environment", "release",
)  # fmt: skip


def answer(value: Any, status: int = 200) -> Callable[[], web.Response]:
    return lambda: web.Response(status=204) if value is None else web.json_response(value, status=status)


def listed(*items: Any) -> Callable[[], web.Response]:
    return answer({"items": list(items), "next_cursor": None, "total": len(items)})


@pytest.fixture
def namespaces(marketplace: Marketplace) -> Marketplace:
    """A marketplace whose tenant has the namespace acme, offered to globex."""
    place = "/api/namespaces/acme"
    marketplace.answers |= {
        ("GET", "/api/namespaces"): listed(ACME),
        ("POST", "/api/namespaces"): answer({"name": "acme"}, 201),
        ("GET", place): answer(ACME),
        ("GET", f"{place}/members"): listed(*MEMBERS),
        ("POST", f"{place}/members"): answer({"user_id": ADA, "role": "owner"}, 201),
        ("DELETE", f"{place}/members"): answer(None),
        ("DELETE", f"{place}/members/{GRACE}"): answer(None),
        ("GET", "/api/namespace-transfers"): listed(OFFER),
        ("POST", f"{place}/transfer"): answer(OFFER, 201),
        ("POST", f"{place}/transfer/accept"): answer({**OFFER, "state": "accepted"}),
        ("DELETE", f"{place}/transfer"): answer({**OFFER, "state": "withdrawn"}),
    }
    return marketplace


def test_namespaces_are_listed_claimed_and_shown_with_their_offer(aei: Aei, namespaces: Marketplace) -> None:
    assert "your tenant" in aei("namespace", "list").stdout
    assert json.loads(aei("namespace", "list", "--json").stdout)["items"] == [ACME]
    assert aei("namespace", "claim", "acme").exit_code == 0
    assert namespaces.last("POST", "/api/namespaces").body == {"name": "acme"}
    shown = aei("namespace", "show", "acme").stdout
    assert "plugins        3" in shown
    assert "to globex: offered" in shown
    assert json.loads(aei("namespace", "show", "acme", "--json").stdout)["transfer"] == OFFER
    for words in ("acme", "globex", "2030-01-08"):
        assert words in aei("namespace", "offers").stdout


def test_a_member_is_invited_by_address_or_id_and_the_first_one_after_a_yes(
    aei: Aei, namespaces: Marketplace
) -> None:
    refused = aei("namespace", "invite", "acme", "ada@acme.example", "--role", "owner")
    assert refused.exit_code == 2
    assert "Nobody but its members" in refused.stderr
    assert "--yes" in refused.stderr
    sent = ("POST", "/api/namespaces/acme/members")
    assert not [s for s in namespaces.seen if (s.method, s.path) == sent]
    assert aei("namespace", "invite", "acme", "ada@acme.example", "--role", "owner", "--yes").exit_code == 0
    assert namespaces.last(*sent).body == {"email": "ada@acme.example", "role": "owner"}
    namespaces.answers["GET", "/api/namespaces/acme"] = answer({**ACME, "members_only": True})
    done = aei("namespace", "invite", "acme", GRACE)
    assert "is a maintainer of acme" in done.stdout
    assert namespaces.last(*sent).body == {"user_id": GRACE, "role": "maintainer"}
    assert aei("namespace", "invite", "acme", GRACE, "--role", "reader").exit_code == 2


def test_members_are_shown_and_removed_by_name_or_id(aei: Aei, namespaces: Marketplace) -> None:
    shown = aei("namespace", "members", "acme").stdout
    assert "Ada" in shown
    assert "maintainer" in shown
    for who in ("Grace", GRACE):
        assert aei("namespace", "remove", "acme", who, "--yes").exit_code == 0
        assert namespaces.last("DELETE", f"/api/namespaces/acme/members/{GRACE}")
    assert aei("namespace", "remove", "acme", "Linus", "--yes").exit_code == 2
    namespaces.answers["GET", "/api/namespaces/acme/members"] = listed(
        *MEMBERS, {**MEMBERS[0], "user_id": "u3"}
    )
    assert "Several members" in aei("namespace", "remove", "acme", "Ada", "--yes").stderr


def test_a_namespace_is_offered_accepted_and_withdrawn(aei: Aei, namespaces: Marketplace) -> None:
    made = aei("namespace", "transfer", "acme", "--to", "globex", "--yes")
    assert "acme is offered to globex until 2030-01-08" in made.stdout
    assert namespaces.last("POST", "/api/namespaces/acme/transfer").body == {"to": "globex"}
    done = aei("namespace", "accept", "acme", "--yes", "--json")
    assert json.loads(done.stdout)["state"] == "accepted"
    assert json.loads(aei("namespace", "withdraw", "acme", "--json").stdout) == {"ended": "acme"}
    assert namespaces.last("DELETE", "/api/namespaces/acme/transfer")
    assert aei("namespace", "open", "acme", "--yes").exit_code == 0
    assert namespaces.last("DELETE", "/api/namespaces/acme/members")


@pytest.mark.parametrize(
    "words",
    [
        ("namespace", "transfer", "acme", "--to", "globex"),
        ("namespace", "accept", "acme"),
        ("namespace", "open", "acme"),
        ("namespace", "remove", "acme", "Grace"),
        ("publisher", "forget", "p1"),
        ("trust", "remove", "w1"),
        TRUST,
    ],
    ids=" ".join,
)
def test_what_cannot_be_taken_back_happens_after_a_yes_alone(
    aei: Aei, namespaces: Marketplace, words: tuple[str, ...]
) -> None:
    refused = aei(*words, "--json")
    assert refused.exit_code == 2
    assert json.loads(refused.stderr)["title"] == "Nothing was changed"
    assert {seen.method for seen in namespaces.seen} <= {"GET"}


def test_the_marketplaces_refusal_is_shown_with_its_exit_code(aei: Aei, namespaces: Marketplace) -> None:
    gone = problem(409, "Conflicts with the present state", "The offer of acme was accepted already.")
    namespaces.answers["POST", "/api/namespaces/acme/transfer/accept"] = lambda: gone
    refused = aei("namespace", "accept", "acme", "--yes")
    assert refused.exit_code == 5
    assert "accepted already" in refused.stderr


def test_a_publisher_proves_a_domain_and_sees_how_it_stands_and_what_it_may_keep(
    aei: Aei, marketplace: Marketplace
) -> None:
    used = {"storage_bytes": 1_234_567, "releases": 3, "releases_per_hour": 1}
    marketplace.answers |= {
        ("POST", "/api/publisher/domains"): answer(PROOF, 201),
        ("GET", "/api/publisher/domains"): listed(PROOF),
        ("DELETE", "/api/publisher/domains/p1"): answer(None),
        ("GET", "/api/publisher/quota"): answer({"used": used, "allowed": {**used, "releases": 1000}}),
    }
    told = aei("publisher", "verify", "acme.example").stdout
    assert "a TXT record at _aei-publisher.acme.example" in told
    assert "aei-publisher-verification=abc" in told
    assert marketplace.last("POST", "/api/publisher/domains").body == {
        "domain": "acme.example",
        "method": "dns",
    }
    assert aei("publisher", "verify", "acme.example", "--method", "mail").exit_code == 2
    assert "nobody answers" in aei("publisher", "domains").stdout
    shown = aei("publisher", "quota").stdout
    assert "1,234,567" in shown
    assert "1,000" in shown
    assert aei("publisher", "forget", "p1", "--yes").exit_code == 0
    assert marketplace.last("DELETE", "/api/publisher/domains/p1")


def test_a_workflow_is_trusted_listed_and_trusted_no_longer(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.answers |= {
        ("POST", "/api/trusted-publishers"): answer(TRUSTED, 201),
        ("GET", "/api/trusted-publishers"): listed(TRUSTED),
        ("DELETE", "/api/trusted-publishers/w1"): answer(None),
    }
    done = aei(*TRUST, "--yes")
    assert "release.yml of acme/counter in release publishes acme.counter" in done.stdout
    assert marketplace.last("POST", "/api/trusted-publishers").body == {
        name: TRUSTED[name] for name in ("plugin", "issuer", "repository", "workflow", "environment")
    }
    assert aei("trust", "add", "counter", *TRUST[3:], "--yes").exit_code == 2
    assert "acme/counter" in aei("trust", "list").stdout
    assert aei("trust", "remove", "w1", "--yes").exit_code == 0
    assert marketplace.last("DELETE", "/api/trusted-publishers/w1")
