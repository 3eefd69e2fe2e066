"""Looking everywhere that somebody could look: the interface as every tenant, and the data folder."""

from collections.abc import Sequence
from pathlib import Path

from aei_marketplace.bench.hostile.canaries import CanaryIndex
from aei_marketplace.bench.hostile.door import Door
from aei_marketplace.bench.hostile.evidence import Evidence, Leak
from aei_marketplace.bench.hostile.tenants import Tenant

_LISTS = (
    "/api/executions", "/api/audit", "/api/plugins", "/api/plugins/installations", "/api/secrets",
    "/api/model-endpoints",
)  # fmt: skip
_PAGES = (
    "/api/me", "/api/policies", "/api/members", "/api/tokens", "/api/roles", "/api/notices", "/api/tenants",
    "/metrics", "/healthz", "/readyz", "/openapi.json", "/api/plugins?q=canary",
)  # fmt: skip
_MOST_PAGES = 40
_OTHERS_LOOKED_AT = 5
#: Holds what all tenants stored, behind row-level security; only what is sealed must not be in it.
_DATABASE = "postgres"
_FILES = "files"


async def sweep_interface(door: Door, tenants: Sequence[Tenant]) -> None:
    """Read, as each tenant, all that it can list, and try for what belongs to the others."""
    executions = {tenant.name: await _ids(door, tenant) for tenant in tenants}
    for tenant in tenants:
        for path in _LISTS:
            await _read_list(door, tenant, path)
        for path in _PAGES:
            await door.get(tenant, path)
        for other in tenants:
            if other is not tenant:
                for id in executions[other.name][:_OTHERS_LOOKED_AT]:
                    for part in ("", "/log", "/events"):
                        await door.get(tenant, f"/api/executions/{id}{part}")


def search_folder(data: Path, tenants: Sequence[Tenant], evidence: Evidence) -> list[Leak]:
    """Search every file of a data folder; what was found where it must not be."""
    owners = {tenant.id: tenant.name for tenant in tenants}
    sealed = Evidence(
        CanaryIndex(tenant.canaries["secret"] for tenant in tenants), evidence.leaks, evidence.searched
    )
    found: list[Leak] = []
    for path in sorted(data.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        place = path.relative_to(data)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue  # it went while we looked
        if place.parts[0] == _DATABASE:
            found += sealed.look(None, "database file", str(place), content)
        else:
            owner = owners.get(place.parts[1]) if place.parts[0] == _FILES else None
            found += evidence.look(owner, "file", str(place), content)
    evidence.searched_bytes += sealed.searched_bytes
    return found


async def _ids(door: Door, tenant: Tenant) -> list[str]:
    answer = await door.get(tenant, "/api/executions?limit=200")
    return [item["id"] for item in answer.json["items"]] if answer.status == 200 else []


async def _read_list(door: Door, tenant: Tenant, path: str) -> None:
    cursor = ""
    for _ in range(_MOST_PAGES):
        answer = await door.get(tenant, f"{path}?limit=200{cursor}")
        following = answer.json.get("next_cursor") if isinstance(answer.json, dict) else None
        if not following:
            return
        cursor = f"&cursor={following}"
