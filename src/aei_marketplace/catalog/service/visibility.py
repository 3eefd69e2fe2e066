"""Who sees a plugin, as its publisher says with a release: everybody, or the tenants that it names."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_marketplace.catalog.errors import AudienceRefused, VisibilityFixed
from aei_marketplace.catalog.rules.names import PUBLIC
from aei_marketplace.catalog.service import release_log
from aei_marketplace.catalog.service.namespaces import refuse_appearing, refuse_plugin
from aei_marketplace.catalog.service.submissions import Submission
from aei_marketplace.catalog.store import plugins, publishers, releases
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.work import Work
from aei_protocol.release_log import Reason


async def settle_visibility(work: Work, held: Row[Any], submission: Submission, publisher: UUID) -> str:
    """Bring the plugin's visibility and audience in line with the submission; the visibility.

    Raises:
        VisibilityFixed: a public plugin stays so.
        NameConfusable: it becomes public, and its name, or its namespace's, resembles another's.
        AudienceRefused: there are no such tenants, or everybody sees it anyhow.
    """
    visibility: str = submission.visibility or held.visibility
    if visibility == "private" and held.visibility == PUBLIC:
        raise VisibilityFixed(f"{held.id} is public and stays so.")
    if visibility != held.visibility:
        await refuse_plugin(work, held.id, publisher)
        await refuse_appearing(work, held.id.partition(".")[0], publisher)
        await plugins.make_public(work, held.id)
        for release in await releases.listed_once(work, held.id):
            await release_log.tell(work, release, Reason.MADE_PUBLIC)
    await _set_audience(work, held.id, visibility, submission.audience)
    return visibility


async def _set_audience(work: Work, plugin_id: str, visibility: str, slugs: Sequence[str] | None) -> None:
    if slugs is None:
        return
    if slugs and visibility == "public":
        fault = Fault("/audience", "only a private plugin names tenants")
        raise AudienceRefused(f"{plugin_id} is public.", faults=[fault])
    tenants = await publishers.tenants_by_slug(work, slugs)
    unknown = sorted(set(slugs) - set(tenants))
    if unknown:
        faults = [Fault("/audience", f"there is no tenant {slug[:60]!r}") for slug in unknown[:20]]
        raise AudienceRefused("The audience names tenants that do not exist.", faults=faults)
    others = [row.id for row in tenants.values() if row.id != work.actor.tenant]
    await publishers.replace_audience(work, plugin_id, others)
