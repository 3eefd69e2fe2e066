"""`aei plugin publish`, `yank` and `deprecate`."""

import json
from pathlib import Path

import pytest

from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace, problem


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "counter.aeiplugin"
    path.write_bytes(b"PK" + bytes(200_000))
    return path


def test_publish_sends_the_package_and_waits_until_it_is_listed(
    aei: Aei, marketplace: Marketplace, package: Path
) -> None:
    marketplace.states = ["processing", "processing", "listed"]
    result = aei("plugin", "publish", package)
    assert result.exit_code == 0, result.stderr
    assert "acme.counter 0.1.0 is listed" in result.stdout
    sent = marketplace.last("POST", "/api/plugins")
    assert sent.body == [("package", package.read_bytes()), ("visibility", "public")]
    assert sent.headers["Idempotency-Key"]


def test_a_private_release_names_its_audience_and_carries_its_signature(
    aei: Aei, marketplace: Marketplace, package: Path, tmp_path: Path
) -> None:
    (tmp_path / "signature.json").write_bytes(b"{}")
    words = (
        "--private",
        "--audience",
        "globex",
        "--audience",
        "initech",
        "--signature",
        tmp_path / "signature.json",
    )
    assert aei("plugin", "publish", package, *words).exit_code == 0
    fields = marketplace.last("POST", "/api/plugins").body
    assert fields[1:] == [
        ("signature", b"{}"),
        ("visibility", "private"),
        ("audience", "globex"),
        ("audience", "initech"),
    ]


def test_a_held_release_ends_with_5_and_its_reason(aei: Aei, marketplace: Marketplace, package: Path) -> None:
    marketplace.states = ["processing", "held"]
    marketplace.reason = "the component does not compile"
    result = aei("plugin", "publish", package)
    assert result.exit_code == 5
    assert "the component does not compile" in result.stderr


def test_every_problem_of_a_refused_package_is_shown(
    aei: Aei, marketplace: Marketplace, package: Path
) -> None:
    errors = [{"pointer": "/id", "message": "is missing"}, {"pointer": "archive:/x", "message": "is a link"}]
    marketplace.answers[("POST", "/api/plugins")] = lambda: problem(
        422, "The package is refused", "2", errors
    )
    result = aei("plugin", "publish", package)
    assert result.exit_code == 5
    for words in ("/id", "is missing", "archive:/x", "is a link", "trace-1"):
        assert words in result.stderr


def test_a_missing_package_and_a_missing_signature_are_refused(
    aei: Aei, marketplace: Marketplace, package: Path
) -> None:
    assert aei("plugin", "publish", "nowhere.aeiplugin").exit_code == 2
    assert aei("plugin", "publish", package, "--signature", "nowhere.json").exit_code == 2
    assert aei("plugin", "publish", package, "--audience", "globex").exit_code == 2
    assert not marketplace.seen


def test_yank_and_deprecate_change_the_state_with_a_reason(aei: Aei, marketplace: Marketplace) -> None:
    path = "/api/plugins/acme.counter/versions/0.1.0"
    assert aei("plugin", "yank", "acme.counter", "0.1.0", "--reason", "wrong").exit_code == 0
    assert marketplace.last("PATCH", path).body == {"state": "yanked", "reason": "wrong"}
    words = ("--reason", "old", "--replacement", "acme.tally", "--json")
    moved = aei("plugin", "deprecate", "acme.counter", "0.1.0", *words)
    assert json.loads(moved.stdout)["state"] == "deprecated"
    sent = marketplace.last("PATCH", path).body
    assert sent == {"state": "deprecated", "reason": "old", "replacement": "acme.tally"}


def test_yank_without_a_reason_is_refused(aei: Aei, marketplace: Marketplace) -> None:
    assert aei("plugin", "yank", "acme.counter", "0.1.0").exit_code == 2
    assert not marketplace.seen
