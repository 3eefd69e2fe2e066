"""Invitations, recovery, closing accounts, own roles: who comes in, and who is out at once."""

import asyncio
from dataclasses import dataclass, field, replace
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import (
    AccountDisabled,
    BeyondOwnRights,
    EmailTaken,
    LastAdmin,
    LinkNotValid,
    NoSuchInvitation,
    NoSuchRole,
    RoleInUse,
    RoleTaken,
    SessionEnded,
    SessionNeeded,
    TokenRevoked,
    UnknownRole,
    WrongPassword,
)
from aei_marketplace.accounts.events import RecoveryAsked
from aei_marketplace.accounts.service import SignedIn
from aei_marketplace.ground.actor import Actor, MissingAction, ProofNeeded
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, TooMany, Unavailable
from aei_marketplace.seed import invite_first_operator
from tests.accounts.people import ORIGIN, PASSWORD, VISIT, enter, make_person
from tests.builders import Tenant, make_staff, make_tenant


@dataclass
class Mailbox:
    """Keeps what is sent."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, to: str, subject: str, text: str, *, message_id: str | None = None) -> None:
        self.sent.append((to, text))


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


async def invite(deps: Deps, actor: Actor, role: str = "Agent", email: str | None = None) -> str:
    async with deps.works.begin(actor) as work:
        return (await service.invite(work, role, email)).secret


async def accept(deps: Deps, secret: str, email: str | None = None) -> SignedIn:
    entry = await service.accept_with_password(
        deps, VISIT, secret, name="Nia", password=PASSWORD, email=email
    )
    assert isinstance(entry, SignedIn)
    return entry


async def own_role(deps: Deps, actor: Actor, name: str, *actions: str) -> UUID:
    async with deps.works.begin(actor) as work:
        return await service.create_role(work, name, actions)


# ---------------------------------------------------------------- invitations


async def test_an_invitation_is_accepted_once_and_signs_in(deps: Deps, acme: Tenant):
    secret = await invite(deps, acme.admin, "Agent", "Nia@acme.example")
    offered = await service.read_invitation(deps, VISIT, secret)
    assert (offered["tenant"], offered["role"], offered["email"]) == ("acme", "Agent", "nia@acme.example")
    entry = await accept(deps, secret)
    assert entry.actor.may("plugin.execute")
    assert not entry.actor.may("plugin.install")
    assert await enter(deps, "nia@acme.example")
    with pytest.raises(LinkNotValid):
        await accept(deps, secret, "other@acme.example")


async def test_of_two_who_accept_at_once_one_comes_in(deps: Deps, acme: Tenant):
    secret = await invite(deps, acme.admin)
    both = await asyncio.gather(
        *(accept(deps, secret, f"{name}@acme.example") for name in ("one", "two")), return_exceptions=True
    )
    assert {type(result) for result in both} == {SignedIn, LinkNotValid}


@pytest.mark.parametrize("secret", ["", "x", "x" * 43, "é" * 43, "x" * 5000])
async def test_a_link_that_was_never_made_is_refused(deps: Deps, secret: str):
    with pytest.raises(LinkNotValid):
        await service.read_invitation(deps, VISIT, secret)


async def test_links_cannot_be_tried_out(deps: Deps):
    with pytest.raises(TooMany):
        for _ in range(31):
            with pytest.raises(LinkNotValid):
                await service.read_invitation(deps, VISIT, "x" * 43)


async def test_an_invitation_can_be_taken_back_and_grows_old(deps: Deps, acme: Tenant):
    gone, old = await invite(deps, acme.admin), await invite(deps, acme.admin)
    async with deps.works.begin(acme.admin) as work:
        listed = await service.list_invitations(work)
        await service.revoke_invitation(work, listed[1]["id"])
    async with deps.works.system("tests") as work:
        await work.run(
            text("update invitations set expires_at = now() where id = :i"), {"i": listed[0]["id"]}
        )
    for secret in (gone, old):
        with pytest.raises(LinkNotValid):
            await accept(deps, secret, "nia@acme.example")
    async with deps.works.begin(acme.admin) as work:
        assert [item["state"] for item in await service.list_invitations(work)] == ["expired", "revoked"]


async def test_only_the_hash_of_a_link_is_stored(deps: Deps, acme: Tenant):
    secret = await invite(deps, acme.admin)
    async with deps.works.system("tests") as work:
        rows = (await work.run(text("select invitations::text from invitations"))).scalars().all()
        audit = (await work.run(text("select convert_from(content, 'UTF8') from audit_entries"))).scalars()
        assert secret not in "".join([*rows, *audit])


async def test_who_has_an_account_accepts_it_signed_in(deps: Deps, acme: Tenant):
    nia = await make_person(deps.works, "nia@globex.example", "globex", role="Viewer")
    secret = await invite(deps, acme.admin, "ProjectManager", "nia@globex.example")
    with pytest.raises(EmailTaken):
        await accept(deps, secret)
    signed_in = await enter(deps, "nia@globex.example")
    assert await service.accept_invitation(deps, VISIT, signed_in.actor, secret) == "acme"
    there = await service.switch_tenant(deps, VISIT, signed_in.actor, "acme")
    assert there.actor.may("plugin.install")
    assert there.actor.id == nia


async def test_a_token_accepts_no_invitation(deps: Deps, acme: Tenant):
    secret = await invite(deps, acme.admin)
    with pytest.raises(SessionNeeded):
        await service.accept_invitation(deps, VISIT, acme.agent, secret)


async def test_another_tenants_invitations_cannot_be_seen_or_taken_back(deps: Deps, acme: Tenant):
    globex = await make_tenant(deps.works, "globex")
    await invite(deps, acme.admin)
    async with deps.works.begin(acme.admin) as work:
        (mine,) = await service.list_invitations(work)
    async with deps.works.begin(globex.admin) as work:
        assert await service.list_invitations(work) == []
    with pytest.raises(NoSuchInvitation):
        async with deps.works.begin(globex.admin) as work:
            await service.revoke_invitation(work, mine["id"])


async def test_a_tenant_invites_to_no_staff_role(deps: Deps, acme: Tenant):
    with pytest.raises(UnknownRole):
        await invite(deps, acme.admin, "Operator")
    with pytest.raises(MissingAction):
        async with deps.works.begin(acme.admin) as work:
            await service.invite(work, "Operator", staff=True)
    with pytest.raises(MissingAction):
        await invite(deps, acme.manager)


async def test_what_somebody_offered_ends_when_they_leave(deps: Deps, acme: Tenant):
    await own_role(deps, acme.admin, "Host", "member.administer", "plugin.browse", "plugin.execute")
    async with deps.works.begin(acme.admin) as work:
        await service.change_member(work, acme.viewer.id, ["Host"])
    host = await service.actor_for(deps.works, acme.viewer.id, acme.id)
    secret = await invite(deps, host)
    async with deps.works.begin(acme.admin) as work:
        await service.remove_member(work, host.id)
    with pytest.raises(LinkNotValid):
        await accept(deps, secret, "nia@acme.example")


async def test_the_first_operator_comes_in_by_a_link_as_long_as_there_is_none(deps: Deps):
    first = await invite_first_operator(deps.works)
    second = await invite_first_operator(deps.works)
    with pytest.raises(LinkNotValid):
        await accept(deps, first["invitation"].partition("=")[2], "olga@operator.example")
    entry = await accept(deps, second["invitation"].partition("=")[2], "olga@operator.example")
    assert entry.actor.staff
    assert entry.actor.may("killlist.administer")
    assert await invite_first_operator(deps.works) == {}


# ---------------------------------------------------------------- recovery


@pytest.fixture
def posted(deps: Deps) -> Deps:
    return replace(deps, mail=Mailbox())


async def emitted(deps: Deps) -> list[RecoveryAsked]:
    async with deps.works.system("tests") as work:
        rows = await work.run(
            text("select payload from pgqueuer where entrypoint = :k order by id"), {"k": RecoveryAsked.kind}
        )
        return [msgspec.convert(msgspec.json.decode(row.payload)["event"], RecoveryAsked) for row in rows]


async def test_an_invitation_is_mailed_to_whom_it_names(posted: Deps):
    acme = await make_tenant(posted.works, "acme")
    async with posted.works.begin(acme.admin) as work:
        named = await service.invite(work, "Agent", "nia@acme.example")
        open_to_all = await service.invite(work, "Agent")
    assert await service.mail_invitation(posted, VISIT, named)
    assert not await service.mail_invitation(posted, VISIT, open_to_all)
    [(to, words)] = posted.mail.sent
    assert to == "nia@acme.example"
    assert f"{ORIGIN}/login?invitation={named.secret}" in words
    assert "as Agent" in words


async def test_an_invitation_is_not_mailed_where_only_the_request_names_the_site_or_no_mail_is_sent(
    deps: Deps,
):
    acme = await make_tenant(deps.works, "acme")
    mailbox = Mailbox()
    async with deps.works.begin(acme.admin) as work:
        named = await service.invite(work, "Agent", "nia@acme.example")
    from_anywhere = replace(VISIT, trusted_origin=False)
    assert not await service.mail_invitation(replace(deps, mail=mailbox), from_anywhere, named)
    assert mailbox.sent == []
    assert not await service.mail_invitation(deps, VISIT, named)


async def test_a_mailed_link_sets_a_password_once_and_ends_all_sessions(posted: Deps):
    await make_person(posted.works, "ada@acme.example", "acme")
    before = await enter(posted, "ada@acme.example")
    await service.ask_recovery(posted, VISIT, "ADA@acme.example")
    (event,) = await emitted(posted)
    await service.mail_recovery(posted, event, "t")
    ((to, mail),) = posted.mail.sent
    assert to == "ada@acme.example"
    assert f"{ORIGIN}/login/recovery?token=" in mail
    secret = mail.partition("token=")[2].split()[0]
    await service.recover(posted, VISIT, secret, "another long password")
    with pytest.raises(SessionEnded):
        await posted.authenticate_session(before.secret, "t")
    with pytest.raises(WrongPassword):
        await enter(posted, "ada@acme.example")
    with pytest.raises(LinkNotValid):
        await service.recover(posted, VISIT, secret, "yet another password")


async def test_a_link_that_was_mailed_again_replaces_the_first(posted: Deps):
    ada = await make_person(posted.works, "ada@acme.example", "acme")
    for _ in range(2):
        await service.mail_recovery(posted, RecoveryAsked(ada, ORIGIN), "t")
    first, second = (mail.partition("token=")[2].split()[0] for _, mail in posted.mail.sent)
    with pytest.raises(LinkNotValid):
        await service.recover(posted, VISIT, first, "another long password")
    await service.recover(posted, VISIT, second, "another long password")


async def test_an_unknown_address_is_answered_the_same_and_mails_nothing(posted: Deps):
    await service.ask_recovery(posted, VISIT, "nobody@acme.example")
    (event,) = await emitted(posted)
    await service.mail_recovery(posted, event, "t")
    assert posted.mail.sent == []


async def test_no_link_is_mailed_to_an_address_that_only_the_request_names(posted: Deps):
    forged = replace(VISIT, origin="https://evil.example", trusted_origin=False)
    with pytest.raises(Unavailable):
        await service.ask_recovery(posted, forged, "ada@acme.example")


async def test_a_link_whose_hour_is_over_sets_nothing(posted: Deps):
    ada = await make_person(posted.works, "ada@acme.example", "acme")
    await service.mail_recovery(posted, RecoveryAsked(ada, ORIGIN), "t")
    async with posted.works.system("tests") as work:
        await work.run(text("update recoveries set expires_at = now() - interval '1 second'"))
    secret = posted.mail.sent[0][1].partition("token=")[2].split()[0]
    with pytest.raises(LinkNotValid):
        await service.recover(posted, VISIT, secret, "another long password")


# ---------------------------------------------------------------- leaving


async def test_who_leaves_a_tenant_is_out_of_its_sessions_at_once(deps: Deps, acme: Tenant):
    nia = await make_person(deps.works, "nia@acme.example", "acme", "globex")
    here, elsewhere = (
        await enter(deps, "nia@acme.example", "acme"),
        await enter(deps, "nia@acme.example", "globex"),
    )
    async with deps.works.begin(acme.admin) as work:
        await service.remove_member(work, nia)
    with pytest.raises(SessionEnded):
        await deps.authenticate_session(here.secret, "t")
    assert (await deps.authenticate_session(elsewhere.secret, "t")).tenant_slug == "globex"


async def test_a_closed_account_is_out_everywhere_at_once(deps: Deps, acme: Tenant):
    nia = await make_person(deps.works, "nia@acme.example", "acme")
    signed_in = await enter(deps, "nia@acme.example")
    async with deps.works.begin(signed_in.actor) as work:
        token = await service.issue_token(work, name="t")
    operator, _ = await make_staff(deps.works)
    async with deps.works.begin(operator) as work:
        await service.close_account(work, nia)
    with pytest.raises(AccountDisabled):
        await deps.authenticate_session(signed_in.secret, "t")
    with pytest.raises(AccountDisabled):
        await deps.authenticate(token.secret, "t")
    with pytest.raises(AccountDisabled):
        await service.actor_for(deps.works, nia, acme.id)
    with pytest.raises(WrongPassword):
        await enter(deps, "nia@acme.example")
    async with deps.works.begin(operator) as work:
        await service.open_account(work, nia)
    with pytest.raises(TokenRevoked):
        await deps.authenticate(token.secret, "t")


async def test_the_last_operator_stays_and_no_tenant_closes_accounts(deps: Deps, acme: Tenant):
    operator, _ = await make_staff(deps.works)
    with pytest.raises(LastAdmin):
        async with deps.works.begin(operator) as work:
            await service.close_account(work, operator.id)
    with pytest.raises(MissingAction):
        async with deps.works.begin(acme.admin) as work:
            await service.close_account(work, acme.agent.id)


# ---------------------------------------------------------------- own roles


async def test_a_role_of_ones_own_grants_what_was_ticked(deps: Deps, acme: Tenant):
    role = await own_role(deps, acme.admin, "Runner", "plugin.execute", "plugin.browse")
    async with deps.works.begin(acme.admin) as work:
        await service.change_member(work, acme.viewer.id, ["Runner"])
    assert (await deps.authenticate(acme.tokens["Viewer"], "t")).actions == {
        "plugin.browse",
        "plugin.execute",
    }
    async with deps.works.begin(acme.admin) as work:
        await service.change_role(work, role, ["plugin.browse"])
    assert (await deps.authenticate(acme.tokens["Viewer"], "t")).actions == {"plugin.browse"}


@pytest.mark.parametrize("action", ["killlist.administer", "plugin.moderate", "*", "", "plugin.fly"])
async def test_a_role_of_ones_own_holds_no_staff_action(deps: Deps, acme: Tenant, action: str):
    with pytest.raises(Invalid):
        await own_role(deps, acme.admin, "Sneaky", "plugin.browse", action)


@pytest.mark.parametrize("name", ["Admin", "admin", "Operator", "", " ", "x" * 61, "a\x00b"])
async def test_a_role_of_ones_own_takes_no_built_in_name(deps: Deps, acme: Tenant, name: str):
    with pytest.raises(Invalid):
        await own_role(deps, acme.admin, name, "plugin.browse")


async def test_the_database_itself_keeps_staff_actions_out_of_tenants_roles(deps: Deps, acme: Tenant):
    role = await own_role(deps, acme.admin, "Runner", "plugin.execute")
    with pytest.raises(Exception, match="own_roles_grant_no_staff_action"):
        async with deps.works.begin(acme.admin) as work:
            await work.run(
                text("update roles set actions = '{killlist.administer}' where id = :i"), {"i": role}
            )


async def test_nobody_grants_what_they_do_not_hold(deps: Deps, acme: Tenant):
    await own_role(deps, acme.admin, "Clerk", "member.administer", "role.administer", "token.administer")
    async with deps.works.begin(acme.admin) as work:
        await service.change_member(work, acme.viewer.id, ["Clerk"])
    clerk = await service.actor_for(deps.works, acme.viewer.id, acme.id)
    with pytest.raises(BeyondOwnRights):
        await own_role(deps, clerk, "Bigger", "plugin.install")
    with pytest.raises(BeyondOwnRights):
        await invite(deps, clerk, "Admin")
    with pytest.raises(BeyondOwnRights):
        async with deps.works.begin(clerk) as work:
            await service.change_member(work, clerk.id, ["Clerk", "Admin"])
    with pytest.raises(BeyondOwnRights):
        async with deps.works.begin(clerk) as work:
            await service.add_member(work, clerk.id, "Admin")
    with pytest.raises(BeyondOwnRights):
        async with deps.works.begin(clerk) as work:
            await service.issue_token(work, name="the admin's", owner=acme.admin.id)


async def test_built_in_and_foreign_roles_stay_as_they_are(deps: Deps, acme: Tenant):
    globex = await make_tenant(deps.works, "globex")
    theirs = await own_role(deps, globex.admin, "Runner", "plugin.execute")
    async with deps.works.begin(acme.admin) as work:
        roles = {role["name"]: role for role in await service.list_roles(work)}
    assert "Runner" not in roles
    for role_id in (roles["Viewer"]["id"], theirs):
        with pytest.raises(NoSuchRole):
            async with deps.works.begin(acme.admin) as work:
                await service.change_role(work, role_id, ["plugin.browse"])
        with pytest.raises(NoSuchRole):
            async with deps.works.begin(acme.admin) as work:
                await service.remove_role(work, role_id)


async def test_a_role_in_use_stays_and_a_name_is_taken_once(deps: Deps, acme: Tenant):
    role = await own_role(deps, acme.admin, "Runner", "plugin.execute")
    with pytest.raises(RoleTaken):
        await own_role(deps, acme.admin, "Runner", "plugin.browse")
    await invite(deps, acme.admin, "Runner")
    with pytest.raises(RoleInUse):
        async with deps.works.begin(acme.admin) as work:
            await service.remove_role(work, role)
    async with deps.works.begin(acme.admin) as work:
        (invitation,) = await service.list_invitations(work)
        await service.revoke_invitation(work, invitation["id"])
        await service.remove_role(work, role)


async def test_two_admins_cannot_take_each_others_place_at_once(deps: Deps, acme: Tenant):
    async with deps.works.begin(acme.admin) as work:
        await service.change_member(work, acme.manager.id, ["Admin"])
    second = await service.actor_for(deps.works, acme.manager.id, acme.id)

    async def demote(by: Actor, whom: Actor) -> None:
        async with deps.works.begin(by) as work:
            await service.change_member(work, whom.id, ["Viewer"])

    results = await asyncio.gather(
        demote(acme.admin, second), demote(second, acme.admin), return_exceptions=True
    )
    assert sum(isinstance(result, LastAdmin) for result in results) == 1
    async with deps.works.system("tests") as work:
        admins = "select count(*) from memberships m join roles r on r.id = m.role_id where r.name = 'Admin'"
        assert (await work.run(text(admins))).scalar_one() == 1


async def test_an_old_proof_changes_no_rights(deps: Deps, acme: Tenant):
    old = replace(acme.admin, session=UUID(int=1), proven_until=deps.works.clock())
    for change in (
        lambda work: service.create_role(work, "Runner", ["plugin.execute"]),
        lambda work: service.invite(work, "Agent"),
        lambda work: service.change_member(work, acme.agent.id, ["Admin"]),
        lambda work: service.add_member(work, acme.agent.id, "Admin"),
    ):
        with pytest.raises(ProofNeeded):
            async with deps.works.begin(old) as work:
                await change(work)
