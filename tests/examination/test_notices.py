"""What `doctor` says about mail and webhooks."""

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from aiosmtpd.smtp import SMTP

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.examination.notices import look_at_notices
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Works
from aei_marketplace.settings import Settings
from tests.backup.conftest import settings_at
from tests.builders import make_tenant


@pytest.fixture
def settings(tmp_path: Path, server: str, urls: DatabaseUrls, works: Works) -> Settings:
    return settings_at(tmp_path / "data", server, urls)


async def execute(urls: DatabaseUrls, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(urls.system)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


async def test_mail_that_fails_for_long_is_named_and_what_just_waits_is_not(
    settings: Settings, works: Works, urls: DatabaseUrls
) -> None:
    acme = await make_tenant(works, "acme")
    mail, webhooks = await look_at_notices(settings)
    assert (mail.fine, webhooks.fine) == (True, True)
    waiting = """insert into notice_deliveries
                   (id, tenant_id, kind, channel, user_id, state, attempts, due_at, created_at)
                 values ($1, $2, 'x', 'mail', $3, 'waiting', $4, now(), now() - interval '2 hours')"""
    await execute(urls, waiting, new_id(), acme.id, acme.admin.id, 0)
    assert (await look_at_notices(settings))[0].fine
    await execute(urls, waiting, new_id(), acme.id, acme.viewer.id, 3)
    mail, _ = await look_at_notices(settings)
    assert (mail.fine, mail.detail.split(":")[0]) == (False, "failed and waiting for over an hour")


async def test_a_webhook_that_was_switched_off_for_failing_is_named(
    settings: Settings, works: Works, urls: DatabaseUrls
) -> None:
    acme = await make_tenant(works, "acme")
    statement = """insert into webhooks
                     (id, tenant_id, name, url, kinds, enabled, disabled_reason, secret_version, secret_nonce,
                      secret_sealed, version, created_at, created_by, updated_at)
                   values
                     ($1, $2, 'x', 'https://x.example', '{}', false, $3, 1, $4, 'x', 1, now(), $5, now())"""
    await execute(urls, statement, new_id(), acme.id, None, bytes(12), acme.admin.id)
    assert (await look_at_notices(settings))[1].fine
    await execute(urls, statement, new_id(), acme.id, "it failed for a week", bytes(12), acme.admin.id)
    found = (await look_at_notices(settings))[1]
    assert (found.fine, found.detail.split(":")[0]) == (False, "switched off because they kept failing")


async def test_without_a_database_it_says_so(settings: Settings, urls: DatabaseUrls, server: str) -> None:
    nowhere = DatabaseUrls(*(url.replace("/t", "/gone_t", 1) for url in (urls.owner, urls.app, urls.system)))
    [found] = await look_at_notices(settings_at(settings.data.parent / "other", server, nowhere))
    assert not found.fine


async def test_a_mail_server_that_answers_is_fine_and_gets_no_mail(
    settings: Settings, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[object] = []

    class Handler:
        async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802 the server's interface
            taken.append(envelope)
            return "250 OK"

    listening = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), hostname="127.0.0.1"), "127.0.0.1", 0
    )
    try:
        port = listening.sockets[0].getsockname()[1]
        mail, _ = await look_at_notices(replace(settings, smtp_server=f"127.0.0.1:{port}", smtp_tls="none"))
        assert (mail.fine, mail.detail.split(";")[0]) == (True, f"127.0.0.1:{port} answers")
        assert taken == []
    finally:
        listening.close()
    mail, _ = await look_at_notices(replace(settings, smtp_server=f"127.0.0.1:{port}", smtp_tls="none"))
    assert not mail.fine
    assert "nobody listens on that port" in mail.detail


async def test_a_mail_password_that_cannot_be_read_is_named(settings: Settings, works: Works) -> None:
    password = settings.data / "nowhere"
    changed = replace(settings, smtp_server="127.0.0.1:1", smtp_user="market", smtp_password_file=password)
    mail, _ = await look_at_notices(changed)
    assert not mail.fine
    assert str(password) in mail.detail
