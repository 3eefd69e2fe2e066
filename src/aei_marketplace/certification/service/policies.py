"""The policy in force, and exceptions to it: read by everybody concerned, changed by staff."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification.errors import PolicyNotFound, StateConflict, WaiverNotFound
from aei_marketplace.certification.rules.builtin import BUILT_IN, KNOWN_CHECKS
from aei_marketplace.certification.rules.policies import Policy, PolicyVersion, Waiver, check_terms
from aei_marketplace.certification.service.strangers import require_stranger
from aei_marketplace.certification.store import policies as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work

LONGEST_REASON = 2000
LONGEST_WAIVER_DAYS = 366
_POLICY_ACTION, _WAIVER_ACTION = "policy.operate", "certification.decide"


async def policy_in_force(work: Work) -> Policy:
    """The newest policy; the built-in one until an operator has made another."""
    return await store.latest(work) or BUILT_IN


async def list_policies(work: Work) -> Sequence[PolicyVersion]:
    """Every version, the one in force first; the built-in one is the last."""
    made = await store.versions(work)
    found = [*made, (BUILT_IN, None)]
    return [PolicyVersion(policy, since, n == 0) for n, (policy, since) in enumerate(found)]


async def find_policy(work: Work, number: int) -> PolicyVersion:
    """One version.

    Raises:
        PolicyNotFound: there is none of this number.
    """
    for version in await list_policies(work):
        if version.policy.number == number:
            return version
    raise PolicyNotFound(f"There is no policy {number}.")


async def change_policy(work: Work, document: object, made_from: int | None = None) -> Policy:
    """Put the next policy in force; requests under review have to be scanned again under it.

    Args:
        document: JSON values, in the shape of `Terms`.
        made_from: the number of the policy that was changed; None where nobody looked at one.

    Raises:
        NotAllowed: the actor does not make policies.
        PolicyInvalid: with everything that is wrong.
        StateConflict: somebody else has changed it meanwhile.
    """
    work.actor.require(_POLICY_ACTION)
    terms = check_terms(document, KNOWN_CHECKS)
    present = await policy_in_force(work)
    if made_from not in (None, present.number):
        raise StateConflict(
            f"Somebody else has changed the policy since you began: {present.number} is in force.", "changed"
        )
    if terms == present.terms:
        return present
    policy = Policy(present.number + 1, terms)
    try:
        await store.add(work, policy)
    except IntegrityError as error:
        raise StateConflict("Somebody else has just changed the policy.", "changed") from error
    context = {"number": policy.number, "digest": policy.digest, "decision": str(terms.decision)}
    work.record(Fact("certification.policy", "certification_policy", str(policy.number), context=context))
    return policy


async def waive(
    work: Work, plugin_id: str, check: str, rule: str, place: str, reason: str, days: int
) -> Waiver:
    """Except findings of one kind in one plugin, for a time and with a reason.

    Raises:
        NotAllowed: the actor does not certify.
        PluginNotFound: there is no such plugin.
        OwnRelease: the actor belongs to its publisher's tenant.
        Invalid: check, rule, reason or time cannot be used.
    """
    work.actor.require(_WAIVER_ACTION)
    plugin = await catalog.find_plugin(work, plugin_id)
    await require_stranger(work, plugin.id, plugin.owner_tenant)
    faults = []
    if check not in KNOWN_CHECKS:
        faults.append(Fault("/check", "the id of a check, as the report names it"))
    if not 1 <= len(rule) <= 200:
        faults.append(Fault("/rule", "the rule of the finding, as the report names it"))
    if not 1 <= days <= LONGEST_WAIVER_DAYS:
        faults.append(Fault("/days", f"1 to {LONGEST_WAIVER_DAYS}"))
    if faults:
        raise Invalid("The exception cannot be made.", faults=faults)
    words = clean_typed(reason, LONGEST_REASON, "/reason")
    waiver = Waiver(new_id(), plugin.id, check, rule, place, words, work.now + timedelta(days=days))
    await store.add_waiver(work, waiver)
    context = {"waiver": str(waiver.id), "check": check, "rule": rule, "days": days}
    work.record(Fact("certification.waive", "plugin", plugin.id, context=context, personal={"reason": words}))
    return waiver


async def revoke_waiver(work: Work, waiver_id: UUID) -> None:
    """End an exception; the next decision does not stand on it.

    Raises:
        NotAllowed: the actor does not certify.
        WaiverNotFound: there is none that is in force.
    """
    work.actor.require(_WAIVER_ACTION)
    plugin_id = await store.revoke_waiver(work, waiver_id)
    if plugin_id is None:
        raise WaiverNotFound(f"There is no waiver {waiver_id} in force.")
    work.record(Fact("certification.unwaive", "plugin", plugin_id, context={"waiver": str(waiver_id)}))


async def find_waiver(work: Work, waiver_id: UUID) -> Waiver:
    """An exception in force, as far as the actor may see it: its plugin's publisher and staff.

    Raises:
        WaiverNotFound: there is none.
    """
    found = await store.find_waiver(work, waiver_id)
    if found is None:
        raise WaiverNotFound(f"There is no waiver {waiver_id} in force.")
    return found


async def list_all_waivers(work: Work, wanted: PageWanted) -> Page:
    """The exceptions in force for all plugins, the oldest first, for Certifiers.

    Raises:
        NotAllowed: the actor does not certify.
        Invalid: the cursor is of another list.
    """
    work.actor.require(_WAIVER_ACTION)
    rows, total = await store.waivers_page(work, wanted.position(as_id), wanted.limit)
    return wanted.page(rows, total, lambda waiver: str(waiver.id))


async def list_waivers(work: Work, plugin_id: str) -> Sequence[Waiver]:
    """The exceptions in force for a plugin, as far as the actor may see them: its publisher and staff."""
    return await store.waivers_of(work, plugin_id)
