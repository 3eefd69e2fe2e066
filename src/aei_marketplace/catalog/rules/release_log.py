"""What the public log says of a release, and of which releases it says anything."""

from datetime import datetime

from aei_marketplace.catalog.rules.states import Mover, ReleaseState
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.ground.clock import rfc3339
from aei_protocol.release_log import Reason, ReleaseLeaf


def is_told(release: ReleaseView) -> bool:
    """Whether the log tells of a release: what everybody may see, and nothing else.

    A private plugin leaves no trace, not even a blinded one, because the number of its leaves and their
    times would tell of it. A release that was never listed is its publisher's own affair.
    """
    return release.visibility == "public" and release.listed_at is not None


def reason_of(before: ReleaseView, state: ReleaseState, mover: Mover | None) -> Reason:
    """Why a release comes to a state.

    Args:
        before: the release as it was.
        mover: who moved it; None when the marketplace listed it.
    """
    if state is ReleaseState.LISTED and before.listed_at is None:
        return Reason.PUBLISHED
    return Reason.REGISTRY if mover is Mover.STAFF else Reason.PUBLISHER


def leaf_of(release: ReleaseView, at: datetime, reason: Reason) -> ReleaseLeaf:
    """The leaf that tells of a release as it is now."""
    return ReleaseLeaf(
        plugin=release.plugin_id,
        version=release.version,
        sha256=release.package_sha256,
        state=str(release.state),
        publisher=str(release.publisher_id),
        signer=release.signer,
        at=rfc3339(at),
        reason=str(reason),
    )
