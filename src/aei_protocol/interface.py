"""The plugin interface `aei:plugin@0.1.0`: which capability imports what, and the exact signatures."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from aei_protocol.permissions import INTERFACE_OF

PACKAGE = "aei:plugin"
INTERFACE_VERSION = "0.1.0"

#: Interfaces that every plugin may import.
ALWAYS = ("log", "progress", "clock", "random", "config")

_ASK = "func(%s:string)->result<string,string>"

#: Full signatures of every function that a host offers, in the notation of `signature` reports:
#: `func(name:type,…)->type`, without a result `->()`.
SIGNATURES: dict[str, dict[str, str]] = {
    "log": {"log": "func(level:string,message:string)->()"},
    "progress": {"report": "func(fraction:f64,message:string)->()"},
    "clock": {"now": "func()->u64", "monotonic": "func()->u64"},
    "random": {"hex": "func(count:u32)->string"},
    "config": {"get": "func()->string"},
    "http": {"fetch": _ASK % "request"},
    "secrets": {"get": _ASK % "name"},
    "files": {
        "read": _ASK % "path",
        "write": "func(path:string,content:string)->result<string,string>",
        "list": _ASK % "path",
        "delete": _ASK % "path",
    },
    "models": {"chat": _ASK % "request", "embed": _ASK % "request"},
    "plugins": {"call": "func(plugin:string,task:string)->result<string,string>"},
}

#: The one function that a plugin exports.
RUN = "run"
RUN_SIGNATURE = _ASK % "task"


def import_name(interface: str) -> str:
    """The name under which a component imports an interface: `aei:plugin/log@0.1.0`."""
    return f"{PACKAGE}/{interface}@{INTERFACE_VERSION}"


def interfaces_for(permissions: Mapping[str, Any], dependencies: Mapping[str, str]) -> tuple[str, ...]:
    """The interfaces that a manifest's permissions and dependencies open, in a fixed order."""
    opened = [INTERFACE_OF[name] for name in INTERFACE_OF if name in permissions]
    return (*ALWAYS, *opened, *(("plugins",) if dependencies else ()))


def world(interfaces: Iterable[str], name: str = "plugin") -> str:
    """WIT text of the world that imports exactly these interfaces and exports `run`."""
    imports = "".join(f"  import {i};\n" for i in interfaces)
    return (
        f"package {PACKAGE}@{INTERFACE_VERSION};\n\nworld {name} {{\n{imports}"
        f"  export {RUN}: func(task: string) -> result<string, string>;\n}}\n"
    )


def wit_files() -> dict[str, str]:
    """The interface's own WIT, file name to text."""
    folder = files("aei_protocol") / "wit"
    return {f.name: f.read_text("utf-8") for f in sorted(folder.iterdir(), key=lambda f: f.name)}
