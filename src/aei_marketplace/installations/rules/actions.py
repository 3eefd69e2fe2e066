"""The one action that fits a plugin for whoever looks at it: what its button says and does."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from aei_marketplace.installations.rules.admission import PASSED_OVER, UNCERTIFIED, Answer, Verdict


class ActionKind(StrEnum):
    """What fits now.

    `install` and `update` happen at once; `consent`, `buy` and `review` open the dialog of an
    installation or an update, because there is something to decide first.
    """

    BUY = "buy"
    INSTALL = "install"
    CONSENT = "consent"
    UPDATE = "update"
    REVIEW = "review"
    INSTALLED = "installed"
    UNDER_WAY = "under_way"
    BLOCKED = "blocked"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release that the tenant could go to.

    Attributes:
        verdict: what the admission rule says of it.
        asks: how many permissions it requests; of an update, how many beyond the present release.
        decides: there is more to decide than permissions: a preview, dependencies, a configuration that it
            cannot do without or does not take over.
        certified: it met a certification policy that is still in force.
    """

    version: str
    verdict: Verdict
    asks: int
    decides: bool
    certified: bool


@dataclass(frozen=True, slots=True)
class Present:
    """The tenant's installation of the plugin."""

    version: str
    enabled: bool
    pinned: bool


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An operation that has not ended; `kind` is `install`, `update` or `uninstall`."""

    id: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides which action fits.

    Attributes:
        hindrance: why whoever looks may not install anything; None when they may.
        spends: whether they may buy something.
        present: the live installation.
        candidate: what would be installed, or the newer release; None when nothing is offered.
        under_way: what happens to the plugin in this tenant right now.
    """

    plugin_id: str
    hindrance: str | None
    spends: bool
    present: Present | None
    candidate: Candidate | None
    under_way: UnderWay | None


@dataclass(frozen=True, slots=True)
class PluginAction:
    """The action that fits.

    Attributes:
        version: the release that the action leads to, or the one that is installed.
        installed: the version that is installed; None when none is.
        enabled: whether the installation is switched on.
        permissions: how many (further) permissions the action asks for.
        certified: whether the release that it leads to is certified.
        operation: what is under way.
        why: in words, why the action is no other; empty when there is nothing to explain.
    """

    plugin_id: str
    kind: ActionKind
    version: str | None = None
    installed: str | None = None
    enabled: bool = True
    permissions: int = 0
    certified: bool = False
    operation: UnderWay | None = None
    why: str = ""


def decide_action(situation: Situation) -> PluginAction:
    """The one action that fits; work that is under way comes before everything else."""
    present, running = situation.present, situation.under_way
    if running is not None:
        return PluginAction(
            situation.plugin_id,
            ActionKind.UNDER_WAY,
            installed=present.version if present else None,
            enabled=present.enabled if present else True,
            operation=running,
        )
    return _for_installed(situation, present) if present else _for_missing(situation)


def _for_installed(situation: Situation, present: Present) -> PluginAction:
    newer = situation.candidate
    stays = PluginAction(
        situation.plugin_id, ActionKind.INSTALLED, present.version, present.version, present.enabled
    )
    if newer is None:
        return stays
    hindrance = newer.verdict.why() if newer.verdict.answer is Answer.NO else situation.hindrance
    if hindrance is not None:
        return _explained(stays, f"Version {newer.version} is offered. {hindrance}")
    kind = ActionKind.UPDATE if _is_simple(newer) and not present.pinned else ActionKind.REVIEW
    return PluginAction(
        situation.plugin_id,
        kind,
        newer.version,
        present.version,
        present.enabled,
        newer.asks,
        newer.certified,
    )


def _for_missing(situation: Situation) -> PluginAction:
    offered = situation.candidate
    if offered is None:
        return PluginAction(
            situation.plugin_id, ActionKind.BLOCKED, why="No release of it is offered to your tenant now."
        )
    known = PluginAction(situation.plugin_id, ActionKind.BLOCKED, offered.version)
    if offered.verdict.wants_payment:
        return _for_sale(situation, offered)
    if offered.verdict.answer is Answer.NO:
        return _explained(known, offered.verdict.why())
    if situation.hindrance is not None:
        return PluginAction(
            situation.plugin_id, ActionKind.NOT_ALLOWED, offered.version, why=situation.hindrance
        )
    return PluginAction(
        situation.plugin_id,
        ActionKind.INSTALL if _is_simple(offered) else ActionKind.CONSENT,
        offered.version,
        permissions=offered.asks,
        certified=offered.certified,
    )


def _for_sale(situation: Situation, offered: Candidate) -> PluginAction:
    """What nothing stands against but that it is not bought."""
    ask = "It has to be bought first. Ask an Admin of your tenant." if not situation.spends else None
    why = situation.hindrance or ask
    if why is not None:
        return PluginAction(situation.plugin_id, ActionKind.NOT_ALLOWED, offered.version, why=why)
    return PluginAction(
        situation.plugin_id,
        ActionKind.BUY,
        offered.version,
        permissions=offered.asks,
        certified=offered.certified,
    )


def _is_simple(candidate: Candidate) -> bool:
    """Whether nobody has anything to decide: being uncertified, or not the newest, is only to be said."""
    noted = all(reason.code in (UNCERTIFIED, PASSED_OVER) for reason in candidate.verdict.reasons)
    return noted and candidate.asks == 0 and not candidate.decides


def _explained(action: PluginAction, why: str) -> PluginAction:
    return PluginAction(
        action.plugin_id, action.kind, action.version, action.installed, action.enabled, why=why
    )
