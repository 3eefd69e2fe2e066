"""What is sealed in a tax profile, opened for a reviewer's eyes."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.data_keys import keep_data_key, opened_data_key
from aei_marketplace.ground.sealing import SealBroken, Sealed, open_value
from aei_marketplace.ground.work import Works
from aei_marketplace.tax_profiles import store
from aei_marketplace.tax_profiles.errors import ProfileNotFound
from aei_marketplace.tax_profiles.rules.profiles import seal_place
from aei_marketplace.tax_profiles.service.reading import find_profile


@dataclass(frozen=True, slots=True)
class Revealed:
    """What a creator wrote."""

    name: str
    address: str
    tax_id: str


async def reveal_profile(
    works: Works, actor: Actor, trace_id: str, master_key: bytes, profile_id: UUID
) -> Revealed:
    """Open a profile. That somebody looked is in the log before they see anything.

    Raises:
        NotAllowed, ProofNeeded: the actor may not, or their last proof is too old.
        ProfileNotFound: there is none.
        SealBroken: it does not open with this master key.
    """
    async with works.begin(actor, trace_id) as work:
        work.actor.require("revenue.administer")
        work.actor.require_recent_proof(work.now)
        profile = await find_profile(work, profile_id)
        work.record(Fact("tax_profile.reveal", "tax_profile", str(profile_id)))
    async with works.system("tax_profiles.reveal", trace_id) as work:
        await keep_data_key(work, profile.tenant_id)
        row = await store.find(work, profile_id)
        key = await opened_data_key(work, master_key, profile.tenant_id)
    if row is None:
        raise ProfileNotFound("There is no such tax profile.")
    if key is None:
        raise SealBroken("the data key of the tenant is gone")
    opened = open_value(key, seal_place(profile.tenant_id, profile_id), Sealed(row.nonce, row.sealed))
    return msgspec.json.decode(opened, type=Revealed)
