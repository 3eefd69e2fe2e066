"""What can be done with model endpoints. A key goes in and only ever leaves for its endpoint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.data_keys import keep_data_key, made_data_key
from aei_marketplace.ground.errors import Conflict, Fault
from aei_marketplace.ground.paging import Page, PageWanted, as_text
from aei_marketplace.ground.ports import ModelKind
from aei_marketplace.ground.sealing import Sealed, seal_value
from aei_marketplace.ground.work import Work
from aei_marketplace.vault.errors import EndpointStale, EndpointUnfit, NoSuchEndpoint
from aei_marketplace.vault.rules.endpoints import (
    Endpoint,
    check_endpoint_name,
    check_key,
    check_models,
    check_names_free,
    key_place,
    origin_of,
    read_base_url,
)
from aei_marketplace.vault.store import endpoints as store
from aei_marketplace.vault.store.locks import hold

MOST_ENDPOINTS = 100


@dataclass(frozen=True, slots=True)
class EndpointWanted:
    """What an endpoint shall be.

    Attributes:
        key: the key to send; None for none.
        keep_key: leave the present key as it is.
    """

    kind: ModelKind
    base_url: str
    models: Mapping[str, str]
    key: str | None = None
    keep_key: bool = False
    streaming: bool = True
    enabled: bool = True


async def put_endpoint(
    work: Work,
    master_key: bytes,
    is_internal: Callable[[str, int], bool],
    name: str,
    wanted: EndpointWanted,
    if_match: str | None = None,
) -> Endpoint:
    """Keep an endpoint of the actor's tenant, new or in the place of what it was.

    Raises:
        NotAllowed: the actor may not.
        EndpointUnfit: something of it cannot be kept, or its key would go to another host.
        ModelNameTaken: another endpoint answers for one of its models.
        EndpointStale: it has changed since the caller read it.
        Conflict: the tenant keeps as many as may be kept.
    """
    work.actor.require("secret.administer")
    tenant, by = work.actor.in_tenant(), work.actor.id
    assert by is not None, "who holds an action of a tenant has an account"
    check_endpoint_name(name)
    base_url = read_base_url(wanted.base_url, is_internal)
    check_models(wanted.models)
    await hold(work, tenant)
    await keep_data_key(work, tenant)
    others = [e for e in await store.find_all(work, tenant) if e.name != name]
    present = await store.find(work, tenant, name)
    _check_seen(present, if_match)
    _check_room(present, others)
    check_names_free(others, wanted.kind, wanted.models)
    changed = _changed(name, present, wanted, base_url, by, work.now)
    sealed = await _sealed_key(work, master_key, tenant, present, changed, wanted)
    endpoint = replace(changed, key=sealed[0], key_version=sealed[1])
    await store.put(work, tenant, endpoint)
    work.record(Fact("model_endpoint.put", "model_endpoint", name, context=_context(endpoint)))
    return endpoint


async def delete_endpoint(work: Work, name: str, if_match: str | None = None) -> None:
    """Delete an endpoint of the actor's tenant, its key with it.

    Raises:
        NotAllowed: the actor may not.
        NoSuchEndpoint: there is none.
        EndpointStale: it has changed since the caller read it.
    """
    work.actor.require("secret.administer")
    tenant = work.actor.in_tenant()
    await hold(work, tenant)
    _check_seen(await find_endpoint(work, name), if_match)
    await store.remove(work, tenant, name)
    work.record(Fact("model_endpoint.delete", "model_endpoint", name))


async def find_endpoint(work: Work, name: str) -> Endpoint:
    """One endpoint of the actor's tenant.

    Raises:
        NotAllowed: the actor may not.
        NoSuchEndpoint: there is none.
    """
    work.actor.require("secret.administer")
    endpoint = await store.find(work, work.actor.in_tenant(), name)
    if endpoint is None:
        raise NoSuchEndpoint(f"Your tenant has no model endpoint {name[:100]!r}.")
    return endpoint


async def list_endpoints(work: Work, wanted: PageWanted) -> Page:
    """The endpoints of the actor's tenant, by name.

    Raises:
        NotAllowed: the actor may not.
    """
    work.actor.require("secret.administer")
    tenant = work.actor.in_tenant()
    found = await store.find_page(work, tenant, wanted.position(_name), wanted.limit)
    return wanted.page(found, await store.count(work, tenant), lambda endpoint: endpoint.name)


def _changed(
    name: str, present: Endpoint | None, wanted: EndpointWanted, base_url: str, by: UUID, now: datetime
) -> Endpoint:
    return Endpoint(
        name=name,
        version=present.version + 1 if present else 1,
        kind=wanted.kind,
        base_url=base_url,
        models=wanted.models,
        streaming=wanted.streaming,
        enabled=wanted.enabled,
        updated_at=now,
        updated_by=by,
    )


async def _sealed_key(
    work: Work,
    master_key: bytes,
    tenant: UUID,
    present: Endpoint | None,
    changed: Endpoint,
    wanted: EndpointWanted,
) -> tuple[Sealed | None, int | None]:
    """The key as it is kept, and the version with which it was sealed."""
    if wanted.keep_key:
        if present is None or present.key is None:
            return None, None
        if origin_of(present.base_url) != origin_of(changed.base_url):
            # Who may change the URL need not know the key, and must not learn it by having it sent.
            fault = Fault("/key", "send the key again, or null: the present one belongs to another host")
            raise EndpointUnfit("The key would go to another host.", faults=[fault])
        return present.key, present.key_version
    if wanted.key is None:
        return None, None
    data_key = await made_data_key(work, master_key, tenant)
    place = key_place(tenant, changed.name, changed.version)
    return seal_value(data_key, place, check_key(wanted.key)), changed.version


def _check_seen(present: Endpoint | None, if_match: str | None) -> None:
    if if_match is not None and if_match != "*" and (present is None or present.etag != if_match):
        raise EndpointStale("The endpoint is not what `If-Match` says.")


def _check_room(present: Endpoint | None, others: list[Endpoint]) -> None:
    if present is None and len(others) >= MOST_ENDPOINTS:
        raise Conflict(
            f"Your tenant has {MOST_ENDPOINTS} model endpoints already.", advice="Delete one first."
        )


def _context(endpoint: Endpoint) -> Mapping[str, object]:
    return {
        "version": endpoint.version,
        "kind": endpoint.kind,
        "base_url": endpoint.base_url,
        "models": sorted(endpoint.models),
        "enabled": endpoint.enabled,
        "has_key": endpoint.key is not None,
    }


def _name(said: object) -> str:
    return check_endpoint_name(as_text(said))
