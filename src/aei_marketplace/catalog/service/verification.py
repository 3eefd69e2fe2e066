"""Verified publishers: a domain proves who somebody is, again and again."""

import secrets
from dataclasses import replace
from uuid import UUID

from aei_marketplace.catalog.errors import DomainKnown, NoSuchDomain, TooManyDomains
from aei_marketplace.catalog.events import DomainProofMoved
from aei_marketplace.catalog.rules.verification import (
    FILE_PATH,
    MOST_PROOFS,
    SOUGHT_FOR,
    DomainProof,
    Method,
    ProofState,
    check_domain,
    is_proven,
    looked,
)
from aei_marketplace.catalog.service.members import require_whole_publisher
from aei_marketplace.catalog.service.namespaces import own_publisher
from aei_marketplace.catalog.store import publishers, verification
from aei_marketplace.ground.actor import system_actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.ports import Domains, DomainSilent
from aei_marketplace.ground.work import Work, Works

#: How many proofs one round of the job looks for.
BATCH = 50
_JOB = "catalog.verify_domains"


async def prove_domain(work: Work, domain: str, method: Method) -> DomainProof:
    """Begin to look for a proof that a domain is the publisher's; its token is this proof's alone.

    Raises:
        NotAllowed, ProofNeeded: the actor may not, or has not proven lately who they are.
        Invalid: it is no domain.
        DomainKnown: a proof by it is looked for or holds already.
        TooManyDomains: as many are looked for as can be.
    """
    work.actor.require("plugin.publish")
    work.actor.require_recent_proof(work.now)
    await require_whole_publisher(work)
    name = check_domain(domain)
    publisher = await own_publisher(work)
    await verification.hold_publisher(work, publisher)
    if await verification.count_open(work, publisher) >= MOST_PROOFS:
        raise TooManyDomains(f"Your publisher has {MOST_PROOFS} domains.")
    proof = _new_proof(work, publisher, name, method)
    if not await verification.add(work, proof):
        raise DomainKnown(f"{name} is looked at already.")
    context = {"domain": name, "method": str(method)}
    work.record(Fact("publisher.claim_domain", "publisher", str(publisher), context=context))
    return proof


async def list_domains(work: Work) -> list[DomainProof]:
    """The proofs of the tenant's publisher, the newest first."""
    work.actor.require_somewhere("plugin.publish")
    publisher = await publishers.find_publisher(work, work.actor.in_tenant())
    return [] if publisher is None else await verification.of_publisher(work, publisher)


async def forget_domain(work: Work, proof_id: UUID) -> None:
    """Prove nothing by a domain any more; with the last proof the mark goes.

    Raises:
        NotAllowed, ProofNeeded: the actor may not, or has not proven lately who they are.
        NoSuchDomain: the tenant's publisher has no such proof.
    """
    work.actor.require("plugin.publish")
    work.actor.require_recent_proof(work.now)
    await require_whole_publisher(work)
    publisher = await own_publisher(work)
    await verification.hold_publisher(work, publisher)
    gone = await verification.remove(work, proof_id)
    if gone is None:
        raise NoSuchDomain(f"Your publisher has no proof {proof_id}.")
    await verification.mark_publisher(work, publisher)
    work.record(Fact("publisher.forget_domain", "publisher", str(publisher), context={"domain": gone.domain}))


async def check_domains(works: Works, domains: Domains) -> int:
    """Look for the proofs that are due; how many there were. Nothing is asked of anybody inside a work."""
    async with works.system(_JOB) as work:
        due = await verification.take_due(work, BATCH)
    for proof in due:
        problem = await _look(domains, proof)
        # In the publisher's tenant, in whose audit log it stands.
        async with works.begin(replace(system_actor(_JOB), tenant=proof.tenant_id)) as work:
            await _settle(work, proof, problem)
    return len(due)


async def _look(domains: Domains, proof: DomainProof) -> str | None:
    try:
        if proof.method is Method.DNS:
            lines = await domains.text_records(proof.place)
        else:
            lines = (await domains.read_file(proof.domain, FILE_PATH)).splitlines()
    except DomainSilent as silent:
        return str(silent)
    return None if is_proven(proof, lines) else f"{proof.place} does not hold the expected text"


async def _settle(work: Work, proof: DomainProof, problem: str | None) -> None:
    await verification.hold_publisher(work, proof.publisher_id)
    after = looked(proof, problem, work.now)
    if not await verification.save(work, after):
        return  # forgotten while it was looked for
    await verification.mark_publisher(work, proof.publisher_id)
    if after.state is not proof.state:
        action = "publisher.verify" if after.state is ProofState.VERIFIED else "publisher.lapse"
        context = {"domain": proof.domain, "state": str(after.state)}
        work.record(Fact(action, "publisher", str(proof.publisher_id), context=context))
        work.emit(DomainProofMoved(proof.tenant_id, proof.id, proof.domain, str(after.state), after.problem))


def _new_proof(work: Work, publisher: UUID, domain: str, method: Method) -> DomainProof:
    return DomainProof(
        id=new_id(),
        tenant_id=work.actor.in_tenant(),
        publisher_id=publisher,
        domain=domain,
        method=method,
        token=secrets.token_urlsafe(32),
        state=ProofState.WAITING,
        problem=None,
        created_at=work.now,
        checked_at=None,
        expires_at=work.now + SOUGHT_FOR,
        next_check_at=work.now,
    )
