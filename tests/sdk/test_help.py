"""Every command explains itself."""

import pytest
import typer
from typer.main import get_command

from aei_sdk.cli.app import app
from tests.sdk.conftest import Aei


def paths(command: object, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    below = getattr(command, "commands", None)
    if not below:
        return [before]
    own = [before] if before and getattr(command, "invoke_without_command", False) else []
    return own + [path for name, child in below.items() for path in paths(child, (*before, name))]


COMMANDS = paths(get_command(app))

#: They print JSON and nothing else.
ONLY_JSON = {("schema",), ("review", "export")}
EXPECTED = {
    "login", "logout", "search", "info", "install", "update", "uninstall", "list", "enable", "disable", "run",
    "logs", "try", "replay", "report", "notices", "journal", "audit", "audit proof", "schema",
    "plugin new", "plugin build", "key new", "key add", "key list", "key revoke", "key require",
    "plugin test", "plugin check", "plugin run", "plugin publish", "plugin yank", "plugin deprecate",
    "plugin advisory file", "plugin advisory list", "plugin advisory change", "plugin advisory withdraw",
    "plugin advisory affected", "rollout show", "rollout set", "rollout advance", "rollout halt",
    "namespace list", "namespace claim", "namespace show", "namespace members", "namespace invite",
    "namespace remove", "namespace open", "namespace transfer", "namespace offers", "namespace accept",
    "namespace withdraw", "publisher verify", "publisher domains", "publisher forget", "publisher quota",
    "vulnerabilities", "buy", "purchases", "usage",
    "trust add", "trust list", "trust remove", "webhook list", "webhook create", "webhook test",
    "webhook delete", "review list", "review mine", "review write", "review edit", "review confirm",
    "review export", "review appeal", "review helpful", "review report", "review reply",
    "review moderate queue",
    "review moderate decide", "review moderate undo", "verify", "certification submit", "certification show",
    "certification queue", "certification report", "certification approve", "certification deny",
    "certification scan", "certification withdraw", "certification policies", "certification policy",
    "certification change-policy", "certification waivers", "certification waive", "certification end-waiver",
}  # fmt: skip


def test_every_promised_command_is_there() -> None:
    assert isinstance(app, typer.Typer)
    assert {" ".join(path) for path in COMMANDS} == EXPECTED


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_each_command_has_help_with_an_example_and_json(aei: Aei, path: tuple[str, ...]) -> None:
    result = aei(*path, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert f"aei {' '.join(path)}" in result.stdout
    assert "--json" in result.stdout or path in ONLY_JSON


def test_the_exit_codes_are_documented(aei: Aei) -> None:
    shown = aei("--help").stdout
    for words in ("Exit codes", "0 it worked", "6 no answer"):
        assert words in shown


def test_a_mistyped_option_ends_with_2(aei: Aei) -> None:
    assert aei("search", "--knid", "agent").exit_code == 2
