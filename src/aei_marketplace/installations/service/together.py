"""What comes along with an installation or an update: agreed to by name, prepared first, written together."""

from collections.abc import Mapping, Sequence

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.errors import PlanChanged, Unresolvable
from aei_marketplace.installations.events import AgreedStep
from aei_marketplace.installations.rules.grants import read_grants
from aei_marketplace.installations.rules.requests import Along
from aei_marketplace.installations.service.creating import Terms, create
from aei_marketplace.installations.service.planning import Plan, make_plan
from aei_marketplace.installations.service.requested import prepare
from aei_marketplace.installations.service.switching import switch


def agree(plan: Plan, along: Mapping[str, Along]) -> tuple[AgreedStep, ...]:
    """The plan's steps with what the caller grants each of them.

    Raises:
        Unresolvable: there is no plan.
        PlanChanged: the caller names other plugins or versions than the plan has.
        Invalid, GrantsBeyond: grants that cannot be given.
    """
    _compare(plan, {plugin: wanted.version for plugin, wanted in along.items()})
    agreed = []
    for step in plan.steps:
        grants = along[step.release.plugin_id].grants
        given = None if grants is None else read_grants(grants, step.release.manifest)
        agreed.append(AgreedStep(step.release.plugin_id, step.release.version, given))
    return tuple(agreed)


async def read_steps(
    work: Work, aei_version: str, release: ReleaseView, agreed: Sequence[AgreedStep] | None
) -> Plan | None:
    """The plan, if somebody agreed to one and it is still the same.

    Raises:
        Unresolvable, PlanChanged: it is not.
    """
    if agreed is None:
        return None
    plan = await make_plan(work, aei_version, release)
    _compare(plan, {step.plugin_id: step.version for step in agreed})
    return plan


async def prepare_all(deps: Deps, release: ReleaseView, plan: Plan | None) -> None:
    """Have the sandbox hold the artefacts of a release and of what comes along.

    Raises:
        NotPrepared: it does not take one of them.
        KilledElsewhere, SignatureBroken: one of them is not what should run here.
        SandboxGone: it does not answer; the job is done again later.
    """
    for each in (*(step.release for step in (plan.steps if plan else ())), release):
        await catalog.check_not_killed(deps, each)
        await catalog.check_signed(deps, each)
        await prepare(deps, each)


async def carry_out_steps(
    work: Work, aei_version: str, release: ReleaseView, agreed: Sequence[AgreedStep] | None
) -> list[str]:
    """Install and move what was agreed to, in the work that does the same with the release.

    Returns:
        The plugins that are new, to be counted.

    Raises:
        Refusal: something changed meanwhile; nothing is done.
    """
    names = {release.plugin_id, *(step.plugin_id for step in agreed or ())}
    for plugin in sorted(names):  # in one order for all, so that two who wait do not wait for one another
        await store.hold(work, work.actor.in_tenant(), plugin)
    plan = await read_steps(work, aei_version, release, agreed)
    grants = {step.plugin_id: step.grants for step in agreed or ()}
    for step in plan.steps if plan else ():
        channel = step.present.channel if step.present else str(step.release.channel)
        terms = Terms(channel, grants=grants[step.release.plugin_id])
        await (switch if step.present else create)(work, step.release, terms)
    return [step.release.plugin_id for step in (plan.steps if plan else ()) if step.present is None]


def _compare(plan: Plan, named: Mapping[str, str]) -> None:
    if plan.problem:
        raise Unresolvable(plan.problem)
    planned = {step.release.plugin_id: step.release.version for step in plan.steps}
    if planned != named:
        raise PlanChanged(
            f"With {plan.release.plugin_id} {plan.release.version} would come: {_told(planned)}."
            f" Agreed to was: {_told(named)}."
        )


def _told(versions: Mapping[str, str]) -> str:
    return (
        ", ".join(f"{plugin[:120]} {version[:64]}" for plugin, version in sorted(versions.items()))
        or "nothing"
    )
