"""A creator declares."""

import msgspec

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.data_keys import made_data_key
from aei_marketplace.ground.sealing import seal_value
from aei_marketplace.ground.work import Work
from aei_marketplace.tax_profiles import store
from aei_marketplace.tax_profiles.errors import ProfileNotFound
from aei_marketplace.tax_profiles.events import TaxProfileSubmitted
from aei_marketplace.tax_profiles.rules.declarations import (
    Declaration,
    check_declaration,
    end_of,
    expiry_of,
)
from aei_marketplace.tax_profiles.rules.profiles import Profile, State, seal_place
from aei_marketplace.tax_profiles.service.reading import profile_of

#: So many of a creator's own are listed.
_MOST_SHOWN = 50


async def submit_profile(work: Work, master_key: bytes, declared: Declaration) -> Profile:
    """Declare for the actor's tenant. What was declared before is superseded, reviewed or not.

    Raises:
        NotAllowed: the actor may not.
        ProfileUnfit: with every problem.
    """
    work.actor.require("spend.administer")
    tenant, by = work.actor.in_tenant(), work.actor.id
    assert by is not None, "who holds an action of a tenant has an account"
    tidy, profile_id = check_declaration(declared), new_id()
    key = await made_data_key(work, master_key, tenant)
    secret = msgspec.json.encode({"name": tidy.name, "address": tidy.address, "tax_id": tidy.tax_id})
    sealed = seal_value(key, seal_place(tenant, profile_id), secret.decode())
    await store.hold(work, tenant)
    values = {
        "id": profile_id,
        "tenant_id": tenant,
        "form": tidy.form,
        "kind": tidy.kind,
        "residence": tidy.residence,
        "nonce": sealed.nonce,
        "sealed": sealed.content,
        "tax_id_end": end_of(tidy.tax_id),
        "submitted_at": work.now,
        "submitted_by": by,
        "expires_on": expiry_of(tidy.form, work.now.date()),
        "state": State.SUBMITTED,
    }
    await store.add(work, values)
    context = {"form": tidy.form, "kind": tidy.kind, "residence": tidy.residence}
    work.record(Fact("tax_profile.submit", "tax_profile", str(profile_id), context=context))
    work.emit(TaxProfileSubmitted(profile_id, tenant))
    row = await store.find(work, profile_id)
    if row is None:
        raise ProfileNotFound("It was not kept.")
    return profile_of(row)


async def own_profiles(work: Work) -> list[Profile]:
    """What the actor's tenant declared, the newest first.

    Raises:
        NotAllowed: the actor may not.
    """
    work.actor.require("spend.administer")
    return [profile_of(row) for row in await store.find_of(work, work.actor.in_tenant(), _MOST_SHOWN)]
