"""How an execution reads: its end as a sentence with the next step, denials explained, usage by limits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from aei_marketplace.executions.rules.views import Execution
from aei_marketplace.web.shell.formats import counted, number, size

#: Outcome: meaning, badge, sentence, next step.
_ENDS: Mapping[str, tuple[str, str, str, str]] = {
    "ok": ("ok", "Finished", "It finished.", ""),
    "guest_error": (
        "danger",
        "Failed",
        "The plugin reported an error.",
        "Read what it says below; often the task can be corrected and sent again.",
    ),
    "trap": (
        "danger",
        "Crashed",
        "The plugin's code crashed.",
        "Nothing outside the sandbox was touched. Tell its publisher, with the id of this execution.",
    ),
    "cpu_limit": (
        "warn",
        "CPU limit",
        "It used all the computing time that it may have, and was stopped.",
        "Give it a smaller task. An Admin can raise the limit up to what the operator allows.",
    ),
    "wall_limit": (
        "warn",
        "Time limit",
        "It ran for as long as it may, and was stopped.",
        "Give it a smaller task. An Admin can raise the limit up to what the operator allows.",
    ),
    "memory_limit": (
        "warn",
        "Memory limit",
        "It wanted more memory than it may have, and was stopped.",
        "Give it a smaller task. An Admin can raise the limit up to what the operator allows.",
    ),
    "output_limit": (
        "warn",
        "Output limit",
        "It returned more than it may, and was stopped.",
        "Give it a smaller task, or ask for less in one run.",
    ),
    "host_call_limit": (
        "warn",
        "Call limit",
        "It called the host more often than it may, and was stopped.",
        "Give it a smaller task.",
    ),
    "denied": (
        "warn",
        "Denied",
        "It needed something that it may not have, and gave up.",
        "What was denied stands below, with what can be done about it.",
    ),
    "sandbox_violation": (
        "danger",
        "Violation",
        "It did what no plugin can do by ordinary means. It was killed, and the operator is told.",
        "Do not run it again before somebody has looked at it. The walls below stood around it.",
    ),
    "worker_lost": (
        "warn",
        "Lost",
        "Its end is not known: what ran it was lost.",
        "It is never sent a second time by itself. Whether to run it again is for you to decide.",
    ),
    "cancelled": ("note", "Cancelled", "It was cancelled.", ""),
}
_RUNNING = ("note", "Running", "It is running.", "")
_LIMITED_BY = {
    "cpu_limit": "cpu_ms",
    "wall_limit": "wall_ms",
    "memory_limit": "memory_bytes",
    "output_limit": "output_bytes",
    "host_call_limit": "host_calls",
}
#: Of usage: key, key of the limit, label.
_MEASURES = (
    ("cpu_ms", "cpu_ms", "CPU time"),
    ("wall_ms", "wall_ms", "Time"),
    ("peak_memory_bytes", "memory_bytes", "Memory"),
    ("host_calls", "host_calls", "Host calls"),
    ("bytes_in", "input_bytes", "Task"),
    ("bytes_out", "bytes_out", "Sent out"),
)
#: What a wall keeps a broken-out guest from.
_WALLS = {
    "seccomp": "system calls beyond a short list fail",
    "landlock": "no file and no network of the machine",
    "rlimits": "memory, files and processes are bounded",
    "clean_env": "an empty environment",
    "closed_fds": "no open file from before",
    "no_writable_code": "no code that it wrote itself",
    "namespaces": "processes, users and network of its own",
    "empty_root": "an empty file system",
    "identity": "a user of its own, with no privilege of the machine",
    "no_new_privs": "no way to gain a privilege",
    "dumpable": "no other process looks into its memory",
    "pdeathsig": "it ends with what started it",
}
_ASKED = {
    "network": "It asked to reach {target}",
    "secrets": "It asked to read the secret {target}",
    "models": "It asked the model {target}",
    "filesystem": "It asked for files ({target})",
    "plugins": "It called the plugin {target}",
    "*": "It asked for more",
}


@dataclass(frozen=True, slots=True)
class End:
    """How an execution stands, in words.

    Attributes:
        meaning: `ok`, `note`, `warn` or `danger`.
        word: for a badge.
    """

    meaning: str
    word: str
    sentence: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that was used, and how much of its limit that is (0 to 1)."""

    label: str
    used: str
    limit: str
    share: float
    reached: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """A denial: what was asked for, why it was denied, what can be done."""

    asked: str
    why: str
    advice: str


def end_of(outcome: str | None) -> End:
    """How an outcome reads; None for what still runs."""
    return End(*(_RUNNING if outcome is None else _ENDS[outcome]))


def measures(execution: Execution) -> tuple[Measure, ...]:
    """Usage beside the limits that held; nothing while it runs."""
    if execution.usage is None:
        return ()
    usage, limits = msgspec.json.decode(execution.usage), msgspec.json.decode(execution.limits)
    reached = _LIMITED_BY.get(execution.outcome or "")
    shown = [_measure(usage, limits, *each, reached=reached) for each in _MEASURES if each[0] in usage]
    tokens = usage.get("tokens", 0)
    return (*shown, *([Measure("Model tokens", number(tokens), "", 0, reached=False)] if tokens else []))


def refusals(
    execution: Execution, requested: Collection[str] | None, *, may_grant: bool
) -> tuple[Refused, ...]:
    """What was denied, explained.

    Args:
        requested: names of the permissions that the release's manifest asks for; None when that is not known.
        may_grant: whether the reader may change grants.
    """
    permissions = msgspec.json.decode(execution.permissions or "{}")
    said = [
        Refused(_asked(d), *_explained(execution, d["permission"], requested, may_grant=may_grant))
        for d in permissions.get("denied", [])
    ]
    more = permissions.get("more_denied", 0)
    rest = f"{counted(more, 'further call')} {'was' if more == 1 else 'were'} denied."
    return (*said, *([Refused(rest, "Only the first twenty are told apart.", "")] if more else []))


def used_permissions(execution: Execution) -> Sequence[str]:
    """The permissions that were made use of."""
    used: Sequence[str] = msgspec.json.decode(execution.permissions or "{}").get("used", [])
    return used


def wall_words(walls: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Each wall with what it keeps a guest from."""
    return tuple((wall, _WALLS.get(wall, "")) for wall in walls)  # a newer host may build more


def duration(milliseconds: float) -> str:
    """`1.3 ms`, `2.4 s`, `10 s`, `3 min 5 s`."""
    if milliseconds < 1_000:
        return f"{_short(milliseconds)} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"
    if milliseconds < 60_000:
        return f"{_short(milliseconds / 1_000)} s"
    return f"{milliseconds // 60_000:.0f} min {milliseconds % 60_000 / 1_000:.0f} s"


def _short(amount: float) -> str:
    return f"{amount:.1f}".removesuffix(".0")


def _measure(
    usage: Mapping[str, Any],
    limits: Mapping[str, Any],
    key: str,
    limit_key: str,
    label: str,
    *,
    reached: str | None,
) -> Measure:
    used, limit = usage[key], limits.get(limit_key)
    words = duration if key.endswith("_ms") else size if "bytes" in key else number
    if not limit:
        return Measure(label, words(used), "", 0, reached=False)
    return Measure(label, words(used), words(limit), min(1.0, used / limit), reached == limit_key)


def _asked(denial: Mapping[str, Any]) -> str:
    asked = _ASKED.get(denial["permission"], "It asked for {target}").format(target=denial["target"])
    times = denial["count"]
    return f"{asked}." if times == 1 else f"{asked}, {times:,} times."


def _explained(
    execution: Execution, permission: str, requested: Collection[str] | None, *, may_grant: bool
) -> tuple[str, str]:
    if permission == "plugins":
        return (
            "It may call only plugins that its manifest depends on, and that your tenant has installed.",
            "Install what it depends on, or tell its publisher.",
        )
    if requested is not None and permission not in requested:
        return (
            "Its manifest does not ask for this, so nobody can grant it.",
            "Be careful: a plugin that tries what it did not announce deserves a question to its publisher.",
        )
    if execution.installation_id is None:
        return (
            "A try-out holds no permission at all.",
            f"{execution.plugin_id} asks for it in its manifest; once it is installed, it can be granted.",
        )
    if may_grant:
        return (
            "It is not granted, or this goes beyond what is.",
            "If you want it to, change what the installation is granted.",
        )
    return ("It is not granted, or this goes beyond what is.", "Ask somebody who may install plugins.")
