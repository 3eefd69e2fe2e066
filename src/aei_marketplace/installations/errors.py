"""Why an installation is refused or cannot be changed."""

from collections.abc import Sequence

from aei_marketplace.ground.errors import Conflict, Fault, Invalid, NotFound, Refusal


class AlreadyInstalled(Conflict):
    """The tenant has a live installation of the plugin."""

    type = "already-installed"
    title = "Already installed"
    advice = "Change its version with update."


class NotInstalled(NotFound):
    """The tenant has no live installation of the plugin."""

    type = "not-installed"
    title = "Not installed"
    advice = "Install it first; the list of installations shows what there is."


class NotAdmitted(Conflict):
    """The admission rule says no."""

    type = "not-admitted"
    title = "This release cannot be installed"
    advice = "Choose another release; the listing shows which are offered."


class AlreadyAtVersion(Conflict):
    """The installation is at the wanted version."""

    type = "already-at-version"
    title = "Nothing to update"
    advice = "Name another version, or change grants and configuration with PATCH."


class NotAsSeen(Conflict):
    """What is offered now is not what whoever asks was shown."""

    type = "not-as-seen"
    title = "Something else is offered by now"
    advice = "Look at what is offered now, and decide anew."


class NoLongerMeant(Conflict):
    """What the policy of automatic updates wanted, it does not want any more."""

    type = "update-no-longer-meant"
    title = "This update is not meant to happen by itself"
    advice = "Update it yourself if you want to; new permissions are yours to grant."


class Unresolvable(Conflict):
    """No choice of versions does for everybody who needs a plugin."""

    type = "dependencies-unresolvable"
    title = "Its dependencies do not go together"
    advice = "GET /api/plugins/{pluginId}/plan says the same again after you have changed something."


class TooEntangled(Conflict):
    """The dependencies have more combinations than are tried."""

    type = "dependencies-too-many"
    title = "Its dependencies cannot be worked out"
    advice = "Install what it needs one by one, naming versions, and then this again."


class PlanChanged(Conflict):
    """What was agreed to is not what would be done."""

    type = "plan-changed"
    title = "This is not what has to be installed"
    advice = "Read the plan again (GET /api/plugins/{pluginId}/plan) and agree to it as it stands."


class GrantsBeyond(Invalid):
    """A grant exceeds what the release requests."""

    type = "grants-beyond-request"
    title = "Grants exceed what the release requests"
    advice = "A grant may only narrow the request; the listing shows what is requested."


class ConfigUnfit(Invalid):
    """The configuration does not satisfy the release's `config_schema`."""

    type = "config-unfit"
    title = "The configuration does not fit the plugin"


class PolicyUnfit(Invalid):
    """The installation's policy says something that is not understood."""

    type = "policy-unfit"
    title = "The policy cannot be used"


class Stale(Refusal):
    """The installation changed since the caller read it."""

    status = 412
    type = "changed-meanwhile"
    title = "The installation has changed"
    advice = "Read it again and send the change with its new ETag."


class PoliciesStale(Refusal):
    """The tenant's policies are not what the caller last saw."""

    status = 412
    type = "policies-changed"
    title = "The policies have changed meanwhile"
    advice = "Read them again and decide anew."


class NotPrepared(Conflict):
    """The sandbox did not take the release's component."""

    type = "not-prepared"
    title = "The release could not be prepared for execution"


class BrokeOff(Refusal):
    """Carrying out what was asked for ended in an error of ours."""

    status = 500
    type = "unexpected"
    title = "Something went wrong here"
    advice = "Nothing was changed. Give the operator the trace id."
    retry = True


def beyond(faults: Sequence[Fault]) -> GrantsBeyond:
    """Grants that exceed the request at the given places."""
    return GrantsBeyond("The grants go beyond what the release requests.", faults=faults)
