"""Installing, updating, uninstalling, enabling, disabling."""

import json

import pytest

from aei_sdk.cli.permissions import named_grants
from aei_sdk.errors import UsageRefused
from tests.sdk.conftest import Aei
from tests.sdk.marketplace import REASON, Marketplace

HOSTS = ["example.com", "*.example.com"]
REQUEST = {
    "network": {"hosts": HOSTS, "reason": REASON},
    "secrets": {"names": ["A_KEY", "B_KEY"], "reason": REASON},
    "models": {"chat": ["*"], "embed": ["small"], "max_tokens_per_execution": 10, "reason": REASON},
    "filesystem": {"scratch_mib": 4, "reason": REASON},
}


def installation(update: dict[str, object] | None = None) -> dict[str, object]:
    return {
        "id": "i1",
        "plugin_id": "acme.fetcher",
        "version": "1.0.0",
        "enabled": True,
        "grants": {"network": {"hosts": ["example.com"]}},
        "config": {},
        "policy": None,
        "update_available": update,
    }


def test_install_without_permissions_needs_no_question(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("install", "acme.counter")
    assert result.exit_code == 0, result.stderr
    sent = marketplace.last("POST", "/api/plugins/acme.counter/install")
    assert sent.body == {"grants": {}}
    assert sent.headers["Idempotency-Key"]
    assert "without any permission" in result.stdout


def test_install_sends_exactly_what_was_granted(aei: Aei, marketplace: Marketplace) -> None:
    result = aei(
        "install", "acme.fetcher", "--grant", "network=example.com", "--version", "1.1.0",
        "--channel", "stable", "--config", '{"depth": 2}',
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert marketplace.last("POST", "/api/plugins/acme.fetcher/install").body == {
        "version": "1.1.0",
        "channel": "stable",
        "grants": {"network": {"hosts": ["example.com"]}},
        "config": {"depth": 2},
    }


def test_grant_all_grants_the_whole_request_without_the_reason(aei: Aei, marketplace: Marketplace) -> None:
    aei("install", "acme.fetcher", "--grant-all")
    sent = marketplace.last("POST", "/api/plugins/acme.fetcher/install").body
    assert sent == {"grants": {"network": {"hosts": HOSTS}}}


def test_a_script_must_say_what_it_grants(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("install", "acme.fetcher")
    assert result.exit_code == 2
    assert "--grant none" in result.stderr
    assert not [seen for seen in marketplace.seen if seen.method == "POST"]


@pytest.mark.parametrize(("answer", "granted"), [("y", {"network": {"hosts": HOSTS}}), ("n", {})])
def test_a_person_is_shown_the_request_and_asked(
    aei: Aei,
    marketplace: Marketplace,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    granted: dict[str, object],
) -> None:
    monkeypatch.setattr("aei_sdk.cli.installations.somebody_is_there", lambda: True)
    monkeypatch.setattr("aei_sdk.cli.screen.somebody_is_there", lambda: True)
    result = aei("install", "acme.fetcher", input=f"{answer}\n")
    assert result.exit_code == 0, result.stderr
    assert REASON in result.stdout
    assert marketplace.last("POST", "/api/plugins/acme.fetcher/install").body == {"grants": granted}


def test_progress_of_the_operation_is_shown(aei: Aei, marketplace: Marketplace) -> None:
    assert "install is running" in aei("install", "acme.counter").stderr


def test_a_broken_stream_is_replaced_by_asking(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.break_streams = True
    assert aei("install", "acme.counter").exit_code == 0
    assert marketplace.last("GET", "/api/operations/op1")


def test_a_failed_operation_shows_its_problem(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.operation_problem = {
        "title": "Not compatible",
        "status": 409,
        "detail": "It needs AEI 3. Ask the publisher.",
        "errors": [{"pointer": "/version", "message": "no release fits"}],
        "trace_id": "t9",
    }
    result = aei("install", "acme.counter")
    assert result.exit_code == 5
    for words in ("Not compatible", "It needs AEI 3", "/version", "no release fits", "t9"):
        assert words in result.stderr


def test_install_in_json_prints_the_ended_operation_alone(aei: Aei, marketplace: Marketplace) -> None:
    assert json.loads(aei("install", "acme.counter", "--json").stdout)["state"] == "succeeded"


@pytest.mark.parametrize("config", ["{", "@/nowhere/config.json"])
def test_a_configuration_that_cannot_be_read_is_refused(
    aei: Aei, marketplace: Marketplace, config: str
) -> None:
    result = aei("install", "acme.counter", "--config", config)
    assert result.exit_code == 2
    assert "--config" in result.stderr


def test_update_keeps_the_grants_when_nothing_new_is_asked(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.installed = [installation({"version": "1.1.0", "new_permissions": {}})]
    assert aei("update", "acme.fetcher").exit_code == 0
    assert marketplace.last("POST", "/api/plugins/acme.fetcher/update").body == {}


def test_update_shows_what_is_new_and_grants_it_only_when_told(aei: Aei, marketplace: Marketplace) -> None:
    more = {"network": {"hosts": ["*.example.com"]}}
    marketplace.installed = [installation({"version": "1.1.0", "new_permissions": more})]
    silent = aei("update", "acme.fetcher")
    assert "asks for more" in silent.stdout
    assert marketplace.last("POST", "/api/plugins/acme.fetcher/update").body == {}
    aei("update", "acme.fetcher", "--grant-all")
    sent = marketplace.last("POST", "/api/plugins/acme.fetcher/update").body
    assert sent == {"grants": {"network": {"hosts": HOSTS}}}


def test_grants_alone_are_changed_when_there_is_no_newer_release(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.installed = [installation()]
    result = aei("update", "acme.fetcher", "--grant", "none")
    assert result.exit_code == 0, result.stderr
    assert "is granted nothing" in result.stdout
    assert marketplace.last("PATCH", "/api/plugins/acme.fetcher/installation").body == {"grants": {}}


def test_update_of_what_is_not_installed_ends_with_4(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("update", "acme.fetcher")
    assert result.exit_code == 4
    assert "aei install acme.fetcher" in result.stderr


def test_uninstall_keeps_the_data(aei: Aei, marketplace: Marketplace) -> None:
    assert aei("uninstall", "acme.counter").exit_code == 0
    assert marketplace.last("POST", "/api/plugins/acme.counter/uninstall").body == {"purge": False}


def test_purge_needs_a_yes(aei: Aei, marketplace: Marketplace) -> None:
    assert aei("uninstall", "acme.counter", "--purge").exit_code == 2
    assert not marketplace.seen
    assert aei("uninstall", "acme.counter", "--purge", "--yes").exit_code == 0
    assert marketplace.last("POST", "/api/plugins/acme.counter/uninstall").body == {"purge": True}


def test_list_shows_updates_and_grants(aei: Aei, marketplace: Marketplace) -> None:
    assert "Nothing is installed" in aei("list").stdout
    marketplace.installed = [installation({"version": "1.1.0", "new_permissions": {}})]
    shown = aei("list").stdout
    for words in ("acme.fetcher", "1.0.0", "enabled", "network", "1.1.0"):
        assert words in shown


@pytest.mark.parametrize(("command", "enabled"), [("enable", True), ("disable", False)])
def test_enable_and_disable_toggle(aei: Aei, marketplace: Marketplace, command: str, enabled: bool) -> None:
    assert aei(command, "acme.counter").exit_code == 0
    assert marketplace.last("POST", "/api/plugins/acme.counter/toggle").body == {"enabled": enabled}


def test_named_grants_are_narrowed_to_their_scopes() -> None:
    named = ["network=example.com,docs.example.com", "secrets=A_KEY", "models=large,small", "filesystem"]
    assert named_grants(REQUEST, named) == {
        "network": {"hosts": ["example.com", "docs.example.com"]},
        "secrets": {"names": ["A_KEY"]},
        "models": {"chat": ["large", "small"], "embed": ["small"], "max_tokens_per_execution": 10},
        "filesystem": {"scratch_mib": 4},
    }


def test_none_grants_nothing() -> None:
    assert named_grants(REQUEST, ["none"]) == {}


@pytest.mark.parametrize(
    "named",
    [
        ["network=evil.example"],
        ["network=a.b.example.com"],
        ["network=example.com:8080"],
        ["network=example.com:http"],
        ["secrets=C_KEY"],
        ["filesystem=scratch"],
        ["clipboard"],
        ["none", "network"],
    ],
)
def test_a_grant_beyond_the_request_is_refused(named: list[str]) -> None:
    with pytest.raises(UsageRefused):
        named_grants(REQUEST, named)


def test_a_model_that_is_not_requested_is_refused() -> None:
    request = {"models": {"chat": ["small"], "max_tokens_per_execution": 1, "reason": REASON}}
    with pytest.raises(UsageRefused):
        named_grants(request, ["models=large"])


STEPS = [
    {
        "action": "install", "plugin_id": "acme.tally", "version": "1.4.0", "present": None,
        "needed_by": ["acme.counter 1.1.0"], "permissions": {"network": {"hosts": HOSTS, "reason": REASON}},
        "new_permissions": {"network": {"hosts": HOSTS}},
        "warning": "acme.tally 1.4.0 was yanked: it miscounts",
    },
    {
        "action": "update", "plugin_id": "acme.echo", "version": "2.0.0", "present": "1.0.0",
        "needed_by": ["acme.tally 1.4.0"], "permissions": {}, "new_permissions": {},
        "warning": None,
    },
]  # fmt: skip


def test_what_comes_along_is_shown_and_brought_along_only_where_somebody_agrees(
    aei: Aei, marketplace: Marketplace
) -> None:
    marketplace.steps = STEPS
    alone = aei("install", "acme.counter")
    assert "Needs acme.tally 1.4.0, for acme.counter 1.1.0." in alone.stdout
    assert "acme.tally 1.4.0 was yanked: it miscounts." in alone.stdout
    assert "Needs acme.echo 2.0.0 (now 1.0.0), for acme.tally 1.4.0." in alone.stdout
    assert "--with-dependencies" in alone.stderr
    sent = marketplace.last("POST", "/api/plugins/acme.counter/install").body
    assert "dependencies" not in sent
    assert aei("install", "acme.counter", "--with-dependencies").exit_code == 0
    sent = marketplace.last("POST", "/api/plugins/acme.counter/install").body
    assert sent["dependencies"] == {
        "acme.tally": {"version": "1.4.0", "grants": {}},
        "acme.echo": {"version": "2.0.0"},
    }


def test_grant_all_grants_what_comes_along_what_it_asks_for(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.steps = STEPS[:1]
    aei("install", "acme.counter", "--with-dependencies", "--grant-all")
    sent = marketplace.last("POST", "/api/plugins/acme.counter/install").body
    assert sent["dependencies"]["acme.tally"]["grants"] == {"network": {"hosts": HOSTS}}


def test_why_dependencies_do_not_go_together_is_told(aei: Aei, marketplace: Marketplace) -> None:
    marketplace.problem = "acme.counter 1.1.0 needs acme.tally ^2, but acme.old 1.0.0 needs acme.tally ^1"
    assert "but acme.old 1.0.0 needs acme.tally ^1" in aei("install", "acme.counter").stderr
