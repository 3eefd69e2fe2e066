"""`aei-marketplace mail test`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from aei_marketplace.manage import app


def test_a_test_mail_is_written_where_no_server_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["mail", "test", "you@example.org", "--data", str(tmp_path / "data")])
    assert done.exit_code == 0, done.output
    (mail,) = (tmp_path / "data" / "mail").glob("*.eml")
    assert b"To: you@example.org" in mail.read_bytes()
    assert str(mail.parent) in done.output


def test_an_address_that_is_none_is_refused_with_advice(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["mail", "test", "nobody", "--data", str(tmp_path / "data")])
    assert done.exit_code == 1
    assert "Check the address" in done.output


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AEI_SMTP_SERVER": "mail.example"}, "HOST:PORT"),
        ({"AEI_SMTP_TLS": "maybe"}, "starttls"),
        ({"AEI_MAIL_FROM": "Market <m@x.example>"}, "bare address"),
        ({"AEI_SMTP_USER": "market"}, "belong together"),
        (
            {
                "AEI_SMTP_SERVER": "mail.example:25",
                "AEI_SMTP_TLS": "none",
                "AEI_SMTP_USER": "market",
                "AEI_SMTP_PASSWORD_FILE": "/nowhere",
            },
            "in clear",
        ),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["mail", "test", "you@example.org", "--data", str(tmp_path / "data")])
    assert done.exit_code == 2
    assert words in done.output
