"""Try-outs: what a caller asks for, and how little it may cost."""

from typing import Any

import msgspec

from aei_marketplace.executions.errors import Malformed, unfit
from aei_protocol.limits import MIB, Allowance, Limits
from aei_protocol.manifest import Manifest

#: The most that a try-out may have, below the operator's cap for all executions.
TRYOUT_CAP = Limits(
    cpu_ms=2_000,
    wall_ms=10_000,
    memory_bytes=256 * MIB,
    input_bytes=256 * 1024,
    output_bytes=1 * MIB,
    log_bytes=64 * 1024,
    host_calls=1_000,
    bytes_out=2 * MIB,
)
#: How many each user may start, and all users of a tenant together.
OF_A_USER = Allowance(concurrency=2, executions_per_minute=10, executions_burst=5)
OF_A_TENANT = Allowance(concurrency=2, executions_per_minute=30, executions_burst=15)


class TryWanted(msgspec.Struct, forbid_unknown_fields=True):
    """What a caller asks for.

    Attributes:
        version: the latest that is offered when absent.
        example: place in the manifest's `examples`, from 0; the first when neither it nor `task` is given.
        task: the caller's own task, JSON; empty when none was sent.
    """

    version: str | None = None
    example: int | None = None
    task: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(TryWanted).decode


def read_tryout(body: bytes) -> TryWanted:
    """Read the body of a request; an empty one asks for the first example.

    Raises:
        Malformed: it is not JSON.
        Invalid: it is JSON of another shape, or names both an example and a task.
    """
    try:
        wanted = _decode(body or b"{}")
    except msgspec.ValidationError as error:
        raise unfit("", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"The body could not be read: {error}.") from error
    except RecursionError as error:
        raise unfit("/task", "nested too deeply") from error
    if bytes(wanted.task) and wanted.example is not None:
        raise unfit("/example", "an example or a task, not both")
    return wanted


def chosen_task(wanted: TryWanted, manifest: Manifest) -> bytes:
    """The task of a try-out, JSON.

    Raises:
        Invalid: there is no such example.
    """
    if bytes(wanted.task):
        return bytes(wanted.task)
    examples, number = manifest.document.get("examples", []), wanted.example or 0
    if not 0 <= number < len(examples):
        there = f"the release has {len(examples)}, counted from 0" if examples else "the release has none"
        raise unfit("/example", f"no such example: {there}; send a task of your own")
    return msgspec.json.encode(examples[number]["input"])


def default_config(manifest: Manifest) -> dict[str, Any]:
    """The defaults that `config_schema` states for its properties."""
    properties = manifest.document.get("config_schema", {}).get("properties", {})
    return {name: each["default"] for name, each in properties.items() if "default" in each}
