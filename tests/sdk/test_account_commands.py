"""Signing in and out, and whose token goes where."""

import json
import os
import stat
from pathlib import Path

import pytest

from aei_sdk.credentials import (
    DEFAULT_URL,
    Credentials,
    credentials_file,
    current_credentials,
    read_credentials,
    store_credentials,
)
from aei_sdk.errors import AeiError
from tests.sdk.conftest import Aei
from tests.sdk.marketplace import TOKEN, Marketplace


def test_login_checks_the_token_and_keeps_it_for_this_user_alone(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("login", "--url", marketplace.url, "--token", TOKEN)
    assert result.exit_code == 0, result.stderr
    assert "Ada of acme" in result.stdout
    assert stat.S_IMODE(credentials_file().stat().st_mode) == 0o600
    assert read_credentials(credentials_file()) == Credentials(marketplace.url, TOKEN)


def test_login_asks_for_the_token_and_does_not_echo_it(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("login", "--url", marketplace.url, input=f"{TOKEN}\n")
    assert result.exit_code == 0, result.stderr
    assert TOKEN not in result.output


def test_a_refused_token_is_not_kept(aei: Aei, marketplace: Marketplace) -> None:
    result = aei("login", "--url", marketplace.url, "--token", "aei_bad")
    assert result.exit_code == 3
    assert "Sign in first" in result.stderr
    assert not credentials_file().exists()


def test_login_refuses_what_is_no_address(aei: Aei) -> None:
    result = aei("login", "--url", "marketplace.example", "--token", "x")
    assert result.exit_code == 2
    assert "is not an address" in result.stderr


def test_logout_forgets_the_token(aei: Aei, marketplace: Marketplace) -> None:
    aei("login", "--url", marketplace.url, "--token", TOKEN)
    assert json.loads(aei("logout", "--json").stdout) == {"signed_out": True}
    assert not credentials_file().exists()
    assert json.loads(aei("logout", "--json").stdout) == {"signed_out": False}


def test_without_anything_the_local_default_is_asked_without_a_token() -> None:
    assert current_credentials() == Credentials(DEFAULT_URL, None)


def test_the_environment_goes_before_what_is_stored() -> None:
    store_credentials(credentials_file(), Credentials("http://127.0.0.1:1", "stored"))
    named = {**os.environ, "AEI_URL": "http://127.0.0.1:2", "AEI_TOKEN": "named"}
    assert current_credentials(named) == Credentials("http://127.0.0.1:2", "named")


def test_a_stored_token_is_sent_to_no_other_marketplace() -> None:
    store_credentials(credentials_file(), Credentials("https://home.example", "stored"))
    elsewhere = {**os.environ, "AEI_URL": "https://elsewhere.example"}
    assert current_credentials(elsewhere).token is None


@pytest.mark.parametrize("token", ['quote " and \\', "line\nbreak", "zoë 😀"])
def test_any_token_survives_being_stored(tmp_path: Path, token: str) -> None:
    path = tmp_path / "aei" / "credentials.toml"
    store_credentials(path, Credentials("https://m.example", token))
    assert read_credentials(path) == Credentials("https://m.example", token)


def test_a_damaged_credentials_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "credentials.toml"
    path.write_text("url = ")
    with pytest.raises(AeiError) as refused:
        read_credentials(path)
    assert "aei login" in refused.value.advice
