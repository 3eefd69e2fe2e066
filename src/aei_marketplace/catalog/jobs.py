"""Reactions of the catalogue."""

from aei_marketplace.catalog import service
from aei_marketplace.catalog.events import ReleasePublished
from aei_marketplace.catalog.rules.states import ReleaseState
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import SandboxRefused

#: The sandbox's refusals that say something about the component. Others (`busy`, `no_walls`) say
#: something about the sandbox: the job fails and is run again.
VERDICTS = {
    "not_a_component": "The component is not a WebAssembly component.",
    "invalid_component": "The component is not valid.",
    "overreach": "The component imports more than its manifest requests.",
    "no_run_export": "The component does not export `run` as the plugin interface defines it.",
    "compile_limit": "Compiling the component took more time or memory than is allowed.",
}


async def prepare_release(deps: Deps, event: ReleasePublished, trace_id: str) -> None:
    """Have the component of a new release compiled, then list the release or hold it with the reason.

    Running it again is harmless: the sandbox keeps what it compiled, and only a release that is
    still processing moves.

    Raises:
        SandboxGone: no sandbox answers now; run the job again.
        SandboxRefused: the sandbox cannot judge now; run the job again.
    """
    async with deps.works.system("catalog.prepare", trace_id) as work:
        release = (await service.releases_by_id(work, [event.release_id])).get(event.release_id)
    if release is None or release.state is not ReleaseState.PROCESSING:
        return
    component = await deps.blobs.get(release.component_sha256)
    refusal = None
    try:
        await deps.sandbox.prepare(release.component_sha256, release.manifest.interfaces, component)
    except SandboxRefused as refused:
        if refused.code not in VERDICTS:
            raise
        refusal = f"{VERDICTS[refused.code]} {refused.detail}".strip()
    async with deps.works.system("catalog.prepare", trace_id) as work:
        if refusal is None:
            await service.list_release(work, release.release_id)
        else:
            await service.hold_release(work, release.release_id, refusal)
