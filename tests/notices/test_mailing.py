"""Notices by mail: to whom, when, once, and what is told when it fails."""

from dataclasses import replace
from pathlib import Path

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.rules.roles import TENANT_ROLES
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.ports import MailRefused
from aei_marketplace.notices import service
from aei_marketplace.notices.rules.notices import to_holders, to_user
from aei_marketplace.notices.rules.retries import MOST_ATTEMPTS
from tests.accounts.people import make_person
from tests.builders import Tenant, make_staff
from tests.notices.acts import asks_more, blocked, deliver, hook, mails, read_by, route, tell, yanked
from tests.notices.conftest import LATER, Watch
from tests.notices.hooks import Hooks
from tests.plugins import work_off


async def choose(deps: Deps, actor, **settings: str) -> None:
    async with deps.works.begin(actor) as work:
        await service.save_preferences(
            work, {kind.replace("__", "."): {"mail": setting} for kind, setting in settings.items()}
        )


class BrokenMail:
    """A mail server that refuses as often as the test says, and keeps what it takes."""

    def __init__(self, *refusals: Exception) -> None:
        self.refusals = list(refusals)
        self.taken: list[tuple[str, str, str | None]] = []

    async def send(self, to: str, subject: str, text: str, *, message_id: str | None = None) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.taken.append((to, subject, message_id))


async def test_a_notice_is_mailed_once_to_each_whom_it_concerns(
    deps: Deps, acme: Tenant, mailbox: Path
) -> None:
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    await deliver(deps)
    await route(deps)
    await deliver(deps)
    found = mails(mailbox)
    assert sorted(m["To"] for m in found) == ["admin@acme.example", "projectmanager@acme.example"]
    assert found[0]["Subject"] == "acme.echo 1.0.0 was withdrawn"
    assert "counts twice" in found[0].get_content()


async def test_whoever_belongs_to_a_tenant_hears_why_it_was_closed_and_that_it_is_open_again(
    deps: Deps, acme: Tenant, globex: Tenant, mailbox: Path, hooks: Hooks
) -> None:
    await hook(deps, acme, hooks.url())
    both = await make_person(deps.works, "ada@both.example", "acme", "globex")
    operator, _ = await make_staff(deps.works)
    async with deps.works.begin(operator) as work:
        await accounts.close_tenant(work, acme.id, "The contract ended.")
    await work_off(deps)
    await deliver(deps)
    told = {"ada@both.example", *(f"{role.lower()}@acme.example" for role in TENANT_ROLES)}
    assert {m["To"] for m in mails(mailbox)} == told
    assert len(mails(mailbox)) == len(told)
    assert {m["Subject"] for m in mails(mailbox)} == {"Acme was closed"}
    assert "Reason given: The contract ended." in mails(mailbox)[0].get_content()
    (notice,) = await read_by(deps, await accounts.actor_for(deps.works, both, globex.id))
    assert notice.words.title == "Acme was closed"
    assert await read_by(deps, globex.admin) == []
    async with deps.works.begin(operator) as work:
        await accounts.reopen_tenant(work, acme.id)
    await work_off(deps)
    await deliver(deps)
    assert [m["Subject"] for m in mails(mailbox)][-len(told) :] == ["Acme is open again"] * len(told)
    assert hooks.received == [], "what is written to people does not leave for a system of their tenant"


async def test_a_repetition_is_not_mailed_again(deps: Deps, acme: Tenant, mailbox: Path) -> None:
    to = to_user(acme.admin.id, acme.id)
    await tell(deps, yanked(to), yanked(to))
    await route(deps)
    await deliver(deps)
    assert len(mails(mailbox)) == 1


async def test_who_switched_mail_off_gets_none_and_who_cannot_gets_it_all_the_same(
    deps: Deps, acme: Tenant, mailbox: Path
) -> None:
    await choose(deps, acme.admin, release__yanked="off")
    to = to_user(acme.admin.id, acme.id)
    await tell(deps, yanked(to), blocked(to))
    await route(deps)
    await deliver(deps)
    assert [m["Subject"] for m in mails(mailbox)] == ["acme.echo 1.0.0 is blocked"]


async def test_daily_notices_come_in_one_mail_the_next_morning(
    deps: Deps, acme: Tenant, mailbox: Path, watch: Watch
) -> None:
    to = to_user(acme.admin.id, acme.id)
    await tell(deps, asks_more(to, "acme.one"), asks_more(to, "acme.two"), asks_more(to, "acme.three"))
    await route(deps)
    await deliver(deps)
    assert mails(mailbox) == []
    watch.pass_(hours=18)
    await deliver(deps)
    (mail,) = mails(mailbox)
    assert mail["Subject"] == "3 notices"
    assert all(name in mail.get_content() for name in ("acme.one", "acme.two", "acme.three"))
    await deliver(deps)
    assert len(mails(mailbox)) == 1


async def test_links_lead_to_the_public_address(deps: Deps, acme: Tenant, mailbox: Path) -> None:
    deps = replace(deps, sign_in=replace(deps.sign_in, public_url="https://aei.example"))
    await tell(deps, yanked(to_user(acme.admin.id, acme.id)))
    await route(deps)
    await deliver(deps)
    (mail,) = mails(mailbox)
    assert "https://aei.example/marketplace/acme.echo" in mail.get_content()


async def test_who_left_the_tenant_meanwhile_gets_no_mail(deps: Deps, acme: Tenant, mailbox: Path) -> None:
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    async with deps.works.begin(acme.admin) as work:
        await accounts.remove_member(work, acme.manager.id)
    await deliver(deps)
    assert [m["To"] for m in mails(mailbox)] == ["admin@acme.example"]


async def test_mail_that_is_not_taken_now_is_tried_again_under_the_same_id(
    deps: Deps, acme: Tenant, watch: Watch
) -> None:
    mail = BrokenMail(Unavailable("busy"), Unavailable("busy"))
    deps = replace(deps, mail=mail)
    await tell(deps, yanked(to_user(acme.admin.id, acme.id)))
    await route(deps)
    await deliver(deps)
    await deliver(deps)
    assert (len(mail.refusals), mail.taken) == (1, [])
    watch.pass_(seconds=15)
    await deliver(deps)
    watch.pass_(minutes=1)
    await deliver(deps)
    ((to, _, message_id),) = mail.taken
    assert to == "admin@acme.example"
    assert message_id is not None


@pytest.mark.parametrize("refusal", [MailRefused("no such mailbox"), Unavailable("busy")])
async def test_mail_that_is_given_up_is_told_to_the_operator_once(
    deps: Deps, acme: Tenant, watch: Watch, refusal: Exception
) -> None:
    operator, _ = await make_staff(deps.works)
    mail = BrokenMail(*[refusal] * MOST_ATTEMPTS)
    deps = replace(deps, mail=mail)
    await tell(deps, yanked(to_user(acme.admin.id, acme.id)))
    await route(deps)
    for _ in range(MOST_ATTEMPTS + 2):
        await deliver(deps)
        watch.now += LATER
    assert len(mail.refusals) == (MOST_ATTEMPTS - 1 if isinstance(refusal, MailRefused) else 0)
    (notice,) = await read_by(deps, operator)
    assert notice.kind == "mail.undelivered"
    await route(deps)
    await deliver(deps)
    assert mail.taken == []
