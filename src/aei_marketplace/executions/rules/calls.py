"""The budget that a called plugin shares with its caller."""

from collections.abc import Mapping

from aei_marketplace.ground.ports import PluginFailure
from aei_protocol.limits import Limits
from aei_protocol.messages import PluginWanted, Usage
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities

#: Limits by name, none of them below 1.
Budget = Mapping[str, int]

_USED_UP = frozenset({Outcome.CPU_LIMIT, Outcome.WALL_LIMIT, Outcome.HOST_CALL_LIMIT})


def left_of(limits: Limits, called: Usage, wanted: PluginWanted) -> Budget | None:
    """What a called plugin may use; None when nothing is left of one part.

    The host counts what the caller used itself, and what it says can only lower what is left.

    Args:
        limits: the caller's.
        called: what the plugins used that it called before.
    """
    left = {
        "cpu_ms": min(wanted.cpu_ms_left, int(limits.cpu_ms - called.cpu_ms)),
        "wall_ms": min(wanted.wall_ms_left, int(limits.wall_ms - called.wall_ms)),
        "host_calls": min(wanted.host_calls_left, limits.host_calls - called.host_calls),
        "bytes_out": min(wanted.bytes_out_left, limits.bytes_out - called.bytes_out),
    }
    return left if min(left.values()) > 0 else None


def model_tokens(held: Capabilities, called: Usage, wanted: PluginWanted) -> int | None:
    """What the models may cost that a called plugin asks; None when the caller has no such budget."""
    if not held.max_tokens:
        return None
    return max(0, min(wanted.tokens_left, held.max_tokens - called.tokens))


def outcome_code(outcome: str | None) -> PluginFailure:
    """What a caller hears when the plugin it called did not return."""
    return "budget" if outcome in _USED_UP else "failed"
