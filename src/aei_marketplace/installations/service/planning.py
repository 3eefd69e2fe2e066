"""The plan of an installation or an update: what has to come along, or why it cannot be."""

from dataclasses import dataclass, replace

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.errors import TooEntangled
from aei_marketplace.installations.rules.requests import Wish
from aei_marketplace.installations.rules.resolution import resolve
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.requested import admitted_below, admitted_release, warnings
from aei_marketplace.installations.service.surroundings import Step, Surroundings

#: So many older releases are tried where the newest does not go together with the rest.
MOST_PLANS = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens with a release, and what with it.

    Attributes:
        present: what is installed of the plugin now; None when it is new.
        steps: what comes along, what is needed before who needs it.
        problem: why its dependencies do not go together, and what to do next; None when they do.
        warnings: what admission has to say about the release, and which newer one was passed over.
    """

    release: ReleaseView
    present: Installation | None
    steps: tuple[Step, ...]
    problem: str | None
    warnings: tuple[str, ...] = ()

    def told(self) -> list[str]:
        """The plan as what the tenant has to do for the release to call what it needs."""
        return [self.problem] if self.problem else [step.told() for step in self.steps]


async def find_plan(work: Work, aei_version: str, plugin_id: str, wish: Wish) -> Plan:
    """The plan of installing a plugin, or of updating it where it is installed.

    Raises:
        NotAllowed: the actor may not browse, or acts in no tenant.
        NotFound: there is no such release that the tenant may see.
        NotAdmitted: the admission rule says no, whatever were paid.
    """
    work.actor.require("plugin.browse")
    present = await store.find(work, work.actor.in_tenant(), plugin_id)
    channel = wish.channel or (present.channel if present else catalog.Channel.STABLE)
    return await plan_wish(work, aei_version, plugin_id, wish, channel, present, unbought=True)


async def plan_wish(
    work: Work,
    aei_version: str,
    plugin_id: str,
    wish: Wish,
    channel: str,
    present: Installation | None,
    *,
    unbought: bool = False,
) -> Plan:
    """The plan of what a wish names; where it names no version, of the newest that goes with all the rest.

    A newer one that does not is passed over, unless whoever asks was shown that very version. Where none
    does, the plan is the newest's, with its problem.

    Args:
        unbought: give it also when the plugin has to be bought first: it is looked at, not installed.

    Raises:
        NotFound, PaymentRequired, NotAdmitted: as `admitted_release` says.
    """
    above, named = present.version if present else None, wish.version is not None
    release, verdict = await admitted_release(
        work, aei_version, plugin_id, wish.version, channel, exact=named, unbought=unbought, above=above
    )
    newest = await make_plan(work, aei_version, release, tuple(warnings(verdict)))
    if newest.problem is None or named or wish.seen == release.version:
        return newest
    for older, said in (await admitted_below(work, aei_version, release, channel, above))[:MOST_PLANS]:
        plan = await make_plan(work, aei_version, older, tuple(warnings(said)))
        if plan.problem is None:
            passed_over = f"{release.version} is newer, and not chosen: {newest.problem}"
            return replace(plan, warnings=(*plan.warnings, passed_over))
    return newest


async def make_plan(work: Work, aei_version: str, release: ReleaseView, told: tuple[str, ...] = ()) -> Plan:
    """The plan of a release that the tenant may install.

    Args:
        told: what admission has to say about it.
    """
    installed = {i.plugin_id: i for i in await store.find_live(work, work.actor.in_tenant())}
    present = installed.get(release.plugin_id)
    releases = await catalog.releases_by_id(work, {i.release_id for i in installed.values()})
    around = Surroundings(aei_version, release, installed, releases)
    try:
        await around.read(work)
        resolution = resolve(around.choices())
    except TooEntangled as refusal:
        return Plan(release, present, (), f"{refusal.detail} {refusal.next_step}", told)
    if resolution.chosen is None:
        return Plan(release, present, (), resolution.why, told)
    return Plan(release, present, tuple(around.steps(resolution.chosen)), None, told)
