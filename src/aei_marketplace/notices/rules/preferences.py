"""What people want to hear of, and what they cannot switch off."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from aei_marketplace.ground.errors import Fault
from aei_marketplace.notices.errors import PreferencesUnfit
from aei_marketplace.notices.rules.kind import Kind, MailSetting
from aei_marketplace.notices.rules.kinds import KINDS

PRODUCT, MAIL = "product", "mail"

#: Kind and channel → setting, where somebody chose one.
Chosen = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Choice:
    """What holds for one kind on one channel.

    Attributes:
        choices: what may be chosen.
        reason: why there is nothing to choose; None when there is.
    """

    setting: str
    choices: tuple[str, ...]
    reason: str | None

    def shape(self) -> dict[str, Any]:
        """It as callers see it."""
        return {
            "setting": self.setting,
            "choices": self.choices,
            "locked": self.reason is not None,
            "reason": self.reason,
        }


def choice(kind: Kind, channel: str, chosen: str | None) -> Choice:
    """What holds, given what somebody chose; a choice that is none any more gives way to the default."""
    default, choices, reason = _offer(kind, channel)
    return Choice(chosen if chosen in choices else default, choices, reason)


def read_choices(document: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, str], str]:
    """Choices as they are kept, checked.

    Args:
        document: kind → channel → setting; what is left out takes its default.

    Raises:
        PreferencesUnfit: an unknown kind or channel, or something that cannot be chosen.
    """
    faults: list[Fault] = []
    kept: dict[tuple[str, str], str] = {}
    for name, channels in document.items():
        for channel, setting in channels.items():
            fault = _fault(name, channel, setting)
            if fault:
                faults.append(Fault(f"/preferences/{name[:60]}/{channel[:20]}", fault))
            else:
                kept[name, channel] = setting
    if faults:
        raise PreferencesUnfit("Some of it cannot be chosen.", faults=faults[:20])
    return kept


def shape(chosen: Chosen) -> list[dict[str, Any]]:
    """All kinds with what holds for each channel."""
    return [
        {
            "kind": kind.name,
            "title": kind.title,
            "severity": kind.severity,
            "channels": {
                channel: choice(kind, channel, chosen.get((kind.name, channel))).shape()
                for channel in (PRODUCT, MAIL)
            },
        }
        for kind in KINDS.values()
    ]


def hidden_kinds(chosen: Chosen) -> list[str]:
    """The kinds that are not to be shown in the product."""
    return [
        k.name for k in KINDS.values() if choice(k, PRODUCT, chosen.get((k.name, PRODUCT))).setting == "off"
    ]


@cache
def optional_kinds() -> tuple[str, ...]:
    """The kinds that can be switched off in the product."""
    return tuple(k.name for k in KINDS.values() if "off" in choice(k, PRODUCT, None).choices)


def _fault(name: str, channel: str, setting: str) -> str | None:
    if name not in KINDS:
        return "there is no such kind"
    if channel not in (PRODUCT, MAIL):
        return f"the channels are {PRODUCT} and {MAIL}"
    _, choices, reason = _offer(KINDS[name], channel)
    if setting in choices:
        return None
    return f"{reason} It stays {choices[0]}." if reason else f"one of {', '.join(choices)}"


def _offer(kind: Kind, channel: str) -> tuple[str, tuple[str, ...], str | None]:
    """The default, all choices, and why there is only one."""
    if channel == PRODUCT:
        return "on", ("on",) if kind.fixed else ("on", "off"), kind.fixed
    if kind.unmailed:
        return MailSetting.OFF, (MailSetting.OFF,), kind.unmailed
    if kind.fixed:
        return kind.mail, (kind.mail,), kind.fixed
    return kind.mail, tuple(MailSetting), None
