"""The staff: roles given and taken, by whom, and what ends with the last of them."""

import asyncio
from uuid import uuid4

import pytest

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import LastAdmin, NoSuchUser, OwnRoles, SessionEnded, UnknownRole
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.sign_in import SignInTerms
from tests.accounts.people import VISIT, enter, make_person
from tests.builders import make_staff, make_tenant
from tests.serving import Client


async def test_roles_are_given_and_taken_and_hold_at_once(client: Client, deps: Deps):
    _, operator = await make_staff(deps.works)
    moderator, token = await make_staff(deps.works, "Moderator")
    path = f"/api/staff/{moderator.id}"
    given = await client.send("PUT", path, operator, json={"roles": ["Curator", "Moderator", "Curator"]})
    assert (given.status, given.json["roles"]) == (200, ["Curator", "Moderator"])
    assert "collection.curate" in (await client.get("/api/me", token)).json["actions"]
    listed = (await client.get("/api/staff", operator)).json["items"]
    assert {each["name"]: each["roles"] for each in listed} == {
        "Moderator": ["Curator", "Moderator"],
        "Operator": ["Operator"],
    }
    taken = await client.send("PUT", path, operator, json={"roles": []})
    assert (taken.status, taken.json["roles"]) == (200, [])
    assert (await client.get("/api/me", token)).json["type"] == "/problems/token-revoked"
    entries = (await client.get("/api/audit?action=staff.change", operator)).json["items"]
    assert [entry["context"] for entry in entries] == [
        {"from": ["Curator", "Moderator"], "to": []},
        {"from": ["Moderator"], "to": ["Curator", "Moderator"]},
    ]


async def test_with_the_last_role_a_session_as_staff_ends_and_one_in_a_tenant_goes_on(deps: Deps):
    operator, _ = await make_staff(deps.works)
    person = await make_person(deps.works, "mo@acme.example", "acme", staff="Moderator")
    inside = await enter(deps, "mo@acme.example", "acme")
    elsewhere = await enter(deps, "mo@acme.example", "acme")
    as_staff = await service.switch_tenant(deps, VISIT, elsewhere.actor, None)
    async with deps.works.begin(operator) as work:
        await service.change_staff(work, person, [])
    with pytest.raises(SessionEnded):
        await service.authenticate_session(deps.works, SignInTerms(), as_staff.secret, "0" * 32)
    kept = await service.authenticate_session(deps.works, SignInTerms(), inside.secret, "0" * 32)
    assert kept.tenant_slug == "acme"


async def test_who_may_not_oneself_nobody_and_no_such_role_are_refused(deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    operator, _ = await make_staff(deps.works)
    moderator, _ = await make_staff(deps.works, "Moderator")
    for actor in (acme.admin, moderator):
        with pytest.raises(MissingAction):
            async with deps.works.begin(actor) as work:
                await service.change_staff(work, moderator.id, ["Operator"])
        with pytest.raises(MissingAction):
            async with deps.works.begin(actor) as work:
                await service.list_staff(work)
    async with deps.works.begin(operator) as work:
        with pytest.raises(OwnRoles):
            await service.change_staff(work, operator.id, ["Operator", "Finance"])
        with pytest.raises(NoSuchUser):
            await service.change_staff(work, uuid4(), ["Finance"])
        with pytest.raises(UnknownRole):
            await service.change_staff(work, moderator.id, ["Admin"])


async def test_of_two_operators_who_take_each_others_role_at_once_one_stays(deps: Deps):
    first, _ = await make_staff(deps.works)
    person = await make_person(deps.works, "other@operator.example", staff="Operator")
    second = await service.actor_for(deps.works, person, None)

    async def take(actor: Actor, other: Actor) -> str:
        try:
            async with deps.works.begin(actor) as work:
                assert other.id is not None
                await service.change_staff(work, other.id, [])
        except LastAdmin:
            return "refused"
        return "taken"

    assert sorted(await asyncio.gather(take(first, second), take(second, first))) == ["refused", "taken"]
