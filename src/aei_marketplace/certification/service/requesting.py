"""Asking for certification, taking it back, and the scan of each new release."""

from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState, ReleaseView
from aei_marketplace.certification.errors import RequestNotFound, ScanRefused, StateConflict
from aei_marketplace.certification.rules.decisions import KIND, check_certifiable, is_answered
from aei_marketplace.certification.rules.states import Purpose, RequestState, check_move
from aei_marketplace.certification.rules.turns import check_room
from aei_marketplace.certification.rules.views import Request
from aei_marketplace.certification.service.advisories.reading import advisories_at
from aei_marketplace.certification.service.policies import policy_in_force
from aei_marketplace.certification.store import requests, turns
from aei_marketplace.decisions import service as decisions
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work
from aei_marketplace.operations import service as operations

_DECIDE = "certification.decide"


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a wish for certification.

    Attributes:
        new: whether a scan follows; otherwise this request was on record already.
    """

    request: Request
    new: bool


async def submit(work: Work, plugin_id: str, version: str) -> Submitted:
    """Ask for the certification of an own release.

    The same package under the same policy and advisories is answered from the record.

    Raises:
        NotAllowed: the actor does not publish this plugin.
        PluginNotFound, ReleaseNotFound: the tenant has no such one.
        NotCertifiable: the release is not offered.
        TooManyRequests: too many of the publisher's requests wait.
        StateConflict: the plugin has just come from another owner, whose request is not withdrawn yet.
    """
    work.actor.require("plugin.publish", plugin_id)
    await catalog.hold_plugin(work, plugin_id)  # a transfer meanwhile would leave the request behind
    release = await catalog.require_own_release(work, plugin_id, version)
    check_certifiable(release.state)
    await turns.hold_publisher(work, release.owner_tenant)
    known = await _on_record(work, release)
    if known is not None:
        return Submitted(known, new=False)
    check_room(await requests.count_waiting(work, release.owner_tenant))
    operation = await operations.open_operation(work, "certification", plugin_id)
    request = await _add(work, release, Purpose.CERTIFICATION, operation.id)
    if request is None:
        raise StateConflict(
            "The plugin's former owner has asked for the same, and that is being withdrawn right now.",
            str(RequestState.SUBMITTED),
        )
    context = {"request": str(request.id), "sha256": request.digest}
    work.record(Fact("certification.submit", "release", _name(request), context=context))
    return Submitted(request, new=True)


async def guard_release(work: Work, release_id: UUID) -> None:
    """Have a new release scanned before it is listed; nothing happens when that is under way; for jobs."""
    work.actor.require(_DECIDE)
    release = (await catalog.releases_by_id(work, [release_id])).get(release_id)
    if release is None or release.state is not ReleaseState.PROCESSING:
        return
    await catalog.hold_plugin(work, release.plugin_id)
    release = (await catalog.releases_by_id(work, [release_id]))[release_id]  # its owner is now for sure
    if await requests.find_open(work, release_id, Purpose.PUBLISH) is None:
        await _add(work, release, Purpose.PUBLISH, None)


async def withdraw(work: Work, request_id: UUID) -> Request:
    """Take back an own request that is not decided.

    Raises:
        NotAllowed: the actor does not publish this plugin.
        RequestNotFound: the tenant has no such one.
        StateConflict: it is decided, or the scan of a new release.
    """
    work.actor.require_somewhere("plugin.publish")
    request = await requests.find(work, request_id, hold=True)
    if request is None or request.owner_tenant != work.actor.tenant:
        raise RequestNotFound(f"Your tenant has no request {request_id}.")
    work.actor.require("plugin.publish", request.plugin_id)
    if request.purpose is Purpose.PUBLISH:
        raise StateConflict("Every new release is scanned; that is nothing to take back.", str(request.state))
    await take_back(work, request)
    return await found(work, request_id)


async def take_back(work: Work, request: Request) -> None:
    """End a request that is held and not decided, with its case and its operation.

    Part of a work that has required its action.

    Raises:
        StateConflict: it is decided.
        CaseSettled: its case is an appeal, which only a decision ends.
    """
    check_move(request.state, RequestState.WITHDRAWN)
    if request.case_id is not None:
        await decisions.withdraw(work, KIND, request.case_id)
    if not await requests.move(work, request, {"state": RequestState.WITHDRAWN}):
        raise StateConflict("The request has moved on meanwhile.", str(request.state))
    await end_operation(work, request, "Withdrawn")
    context = {"request": str(request.id)}
    work.record(Fact("certification.withdraw", "release", _name(request), context=context))


async def scan_again(work: Work, request_id: UUID) -> Request:
    """Have a request scanned anew, as staff: after other policies, advisories or a repaired scanner.

    Raises:
        NotAllowed: the actor does not certify.
        RequestNotFound: there is no such one.
        StateConflict: it is under way, or over.
        ScanRefused: it was denied, and nobody has appealed.
    """
    work.actor.require(_DECIDE)
    request = await requests.find(work, request_id, hold=True)
    if request is None:
        raise RequestNotFound(f"There is no request {request_id}.")
    check_move(request.state, RequestState.SUBMITTED)
    if request.state is RequestState.DENIED and request.case_id is not None:
        case = await decisions.find_case(work, request.case_id)
        if not case.open:
            raise ScanRefused("It was denied, and no appeal waits; another package needs another version.")
    await queue_again(work, request)
    context = {"request": str(request_id)}
    work.record(Fact("certification.rescan", "release", _name(request), context=context))
    return await found(work, request_id)


async def queue_again(work: Work, request: Request) -> None:
    """Put a request at the end of the queue; approvals of the scan before do not count for the next."""
    values = {
        "state": RequestState.SUBMITTED,
        "queued_at": work.now,
        "broken": 0,
        "first_approval_by": None,
        "operation_id": None,  # the first scan's has ended; this one's is seen by its state
        "problem": None,
    }
    if not await requests.move(work, request, values):
        raise StateConflict("The request has moved on meanwhile.", str(request.state))


async def end_operation(work: Work, request: Request, message: str) -> None:
    """End what the publisher follows, unless it gave up waiting."""
    if request.operation_id is None:
        return
    operation = await operations.find_operation(work, request.operation_id)
    if not operation.state.final:
        await operations.succeed(work, operation.id, message)


async def found(work: Work, request_id: UUID) -> Request:
    """A request that is there.

    Raises:
        RequestNotFound: it is not, or not for the actor to see.
    """
    request = await requests.find(work, request_id)
    if request is None:
        raise RequestNotFound(f"There is no request {request_id}.")
    return request


async def _on_record(work: Work, release: ReleaseView) -> Request | None:
    """The request about this release that is open, or whose decision answers this one."""
    present = await requests.find_open(work, release.release_id, Purpose.CERTIFICATION)
    if present is not None:
        return present
    earlier = await requests.newest(work, release.release_id, Purpose.CERTIFICATION)
    policy, dated = await policy_in_force(work), await advisories_at(work)
    if earlier is not None and is_answered(earlier, release.package_sha256, policy, dated):
        return earlier
    return None


async def _add(work: Work, release: ReleaseView, purpose: Purpose, operation: UUID | None) -> Request | None:
    request_id = new_id()
    values = {
        "id": request_id,
        "purpose": purpose,
        "release_id": release.release_id,
        "plugin_id": release.plugin_id,
        "version": release.version,
        "owner_tenant": release.owner_tenant,
        "digest": release.package_sha256,
        "operation_id": operation,
        "submitted_by": work.actor.id,
        "submitted_at": work.now,
    }
    return await requests.find(work, request_id) if await requests.add(work, values) else None


def _name(request: Request) -> str:
    return f"{request.plugin_id}@{request.version}"
