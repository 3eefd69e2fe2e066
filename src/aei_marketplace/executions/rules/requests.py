"""What a caller asks for, and whether it may be sent to the guest."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from aei_inspection.schemas import CompiledSchema, check
from aei_marketplace.executions.errors import Malformed, TaskTooLarge, TaskUnfit, unfit
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.installations.rules.limits import limit_faults
from aei_protocol.limits import Limits

Mode = Literal["sync", "async"]
#: A request may be this much longer than its task.
ENVELOPE_BYTES = 64 * 1024


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """What a caller asks for; `task` is kept as the JSON text that was sent.

    Attributes:
        journal: keep one, even where the installation's policy does not ask for it.
    """

    task: msgspec.Raw
    limits: dict[str, int] | None = None
    mode: Mode = "sync"
    journal: bool = False


_request = msgspec.json.Decoder(Wanted)


def read_request(body: bytes) -> Wanted:
    """Read the body of an execute request.

    Raises:
        Malformed: it is not JSON.
        Invalid: it is JSON of another shape.
    """
    try:
        return _request.decode(body)
    except msgspec.ValidationError as error:
        raise unfit("", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"The body could not be read: {error}.") from error
    except RecursionError as error:
        raise unfit("/task", "nested too deeply") from error


def check_limits(limits: Mapping[str, int] | None) -> Mapping[str, int]:
    """The limits that a request names; none when it names none.

    Raises:
        Invalid: unknown names, or values that are no limits.
    """
    faults = limit_faults(limits or {}, "/limits")
    if faults:
        raise Invalid("The limits cannot be used.", faults=faults)
    return limits or {}


def check_task(task: bytes, limits: Limits, schema: CompiledSchema | None) -> None:
    """Whether a task may be sent to the guest.

    Raises:
        TaskTooLarge: longer than `limits.input_bytes`.
        TaskUnfit: it does not satisfy the schema; every place is named.
    """
    if len(task) > limits.input_bytes:
        raise TaskTooLarge(f"The task has {len(task):,} bytes; {limits.input_bytes:,} are taken.")
    value = _decoded(task)
    problems = check(schema, value, ("task",)) if schema else []
    if problems:
        faults = [Fault(p.pointer, p.message, p.code) for p in problems]
        raise TaskUnfit("The task does not satisfy the plugin's input schema.", faults=faults)


def _decoded(task: bytes) -> Any:
    try:
        return msgspec.json.decode(task)
    except RecursionError as error:
        raise unfit("/task", "nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"The task could not be read: {error}.") from error
