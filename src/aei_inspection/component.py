"""Reading `plugin.wasm`: is it a valid component, and does it ask for no more than its manifest says?

Names are compared here, so that a refusal names the permission that is missing; full signatures are
compared by wasm-tools against the world that the manifest opens, and only its word accepts.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aei_inspection.component_sections import Item, read_outline
from aei_inspection.problems import PackageRefused, Problem, refuse, shown
from aei_inspection.wasm_binary import PLACE
from aei_inspection.wasm_tools import Verdict, judge
from aei_protocol.interface import (
    INTERFACE_VERSION,
    PACKAGE,
    RUN,
    RUN_SIGNATURE,
    SIGNATURES,
    import_name,
    wit_files,
    world,
)
from aei_protocol.limits import MIB
from aei_protocol.permissions import INTERFACE_OF

MAX_COMPONENT = 64 * MIB
WORLD = "plugin"
#: What the sandbox's engine runs: WebAssembly 2.0 and two finished proposals that compilers emit.
FEATURES = "wasm2,extended-const,tail-call,component-model"

_NEEDS = {interface: f"the permission {name}" for name, interface in INTERFACE_OF.items()} | {
    "plugins": "an entry in dependencies"
}
_OFFERED = {import_name(interface): interface for interface in SIGNATURES}
_MISMATCH = re.compile(r"type mismatch for import `([^`]*)`")


@dataclass(frozen=True)
class ComponentFacts:
    """What is known of a component that was accepted.

    Attributes:
        imports, exports: names, in the component's order.
        sha256: hexadecimal.
        size: bytes.
        core_modules: core modules inside, nested components included.
    """

    imports: tuple[str, ...]
    exports: tuple[str, ...]
    sha256: str
    size: int
    core_modules: int


def read_component(content: bytes, interfaces: tuple[str, ...]) -> ComponentFacts:
    """Judge a component against the interfaces that its manifest opens.

    Args:
        content: `plugin.wasm`.
        interfaces: from `Manifest.interfaces`: `("log", …, "http")`.

    Raises:
        PackageRefused: `component_too_large`, `component_text`, `core_module`, `not_a_component`,
            `component_malformed`, `invalid_component`, `component_too_complex`, or what it imports
            and exports: `overreach`, `unknown_import`, `wasi_import`, `foreign_signature`,
            `no_run_export`.
        InspectionUnavailable: wasm-tools can't be run; the component was not judged.
    """
    if len(content) > MAX_COMPONENT:
        message = f"plugin.wasm has {len(content):,} bytes; at most {MAX_COMPONENT:,} are allowed."
        raise refuse("component_too_large", PLACE, message)
    outline = read_outline(content)
    problems = list(_import_problems(outline.imports, interfaces))
    valid, fits = _judged(content, _wider(interfaces, outline.imports))
    problems.extend(_verdict_problems(valid, fits, outline.exports, bool(problems)))
    if problems:
        raise PackageRefused(problems)
    return ComponentFacts(
        tuple(item.name for item in outline.imports),
        tuple(item.name for item in outline.exports),
        hashlib.sha256(content).hexdigest(),
        len(content),
        outline.core_modules,
    )


def _import_problems(imports: Iterable[Item], interfaces: tuple[str, ...]) -> Iterator[Problem]:
    allowed = {import_name(interface) for interface in interfaces}
    for item in imports:
        if item.name not in allowed:
            yield _import_problem(item.name)


def _import_problem(name: str) -> Problem:
    interface = _OFFERED.get(name)
    if interface:
        needs = _NEEDS.get(interface, "a newer manifest")
        advice = "request it in plugin.json, or build without it"
        return Problem("overreach", PLACE, f"The component imports {name}, which needs {needs}; {advice}.")
    if name.startswith("wasi:"):
        advice = "build with stubbed WASI, as `aei plugin build` does"
        return Problem(
            "wasi_import", PLACE, f"The component imports {shown(name)}; no plugin gets WASI: {advice}."
        )
    message = (
        f"The component imports {shown(name)}; only interfaces of {PACKAGE}@{INTERFACE_VERSION} are offered."
    )
    return Problem("unknown_import", PLACE, message)


def _wider(interfaces: tuple[str, ...], imports: Iterable[Item]) -> tuple[str, ...]:
    """The interfaces opened, and those imported beyond them: these are refused by name already, and in
    the world with the others, so that wasm-tools goes on to the signatures."""
    beyond = (_OFFERED[item.name] for item in imports if item.name in _OFFERED)
    return tuple(dict.fromkeys((*interfaces, *beyond)))


def _judged(content: bytes, interfaces: tuple[str, ...]) -> tuple[Verdict, Verdict]:
    """Whether the component is valid, and whether it fits into the world of these interfaces."""
    files = {**wit_files(), "world.wit": world(interfaces, WORLD)}
    validate = ("validate", "--features", FEATURES)
    targets = ("component", "targets", "{folder}", "--world", WORLD)
    valid, fits = judge(content, (validate, targets), PLACE, files)
    return valid, fits


def _verdict_problems(
    valid: Verdict, fits: Verdict, exports: Iterable[Item], refused_by_name: bool
) -> Iterator[Problem]:
    if not valid.passed:
        reason = shown(valid.message.strip().removeprefix("error: "), 300)
        yield Problem("invalid_component", PLACE, f"plugin.wasm is not a valid component: {reason}.")
    elif not fits.passed:
        yield from _misfits(fits.message, exports, refused_by_name)


def _misfits(message: str, exports: Iterable[Item], refused_by_name: bool) -> Iterator[Problem]:
    """Why a valid component does not fit; wasm-tools names the first mismatch only."""
    foreign = [name for name in _MISMATCH.findall(message) if name in _OFFERED]
    if all(item.name != RUN for item in exports):
        yield Problem("no_run_export", PLACE, f"The component does not export {RUN}: {RUN_SIGNATURE}.")
    elif foreign:
        own = "; ".join(f"{name}: {text}" for name, text in SIGNATURES[_OFFERED[foreign[0]]].items())
        text = f"The component imports {foreign[0]} with other types than the interface has ({own})"
        yield Problem("foreign_signature", PLACE, f"{text}: {_detail(message)}.")
    elif f"for export `{RUN}`" in message:
        text = f"The component exports {RUN} with another type than {RUN_SIGNATURE}"
        yield Problem("foreign_signature", PLACE, f"{text}: {_detail(message)}.")
    elif not refused_by_name:
        yield Problem(
            "foreign_signature", PLACE, f"The component does not fit its world: {_detail(message)}."
        )


def _detail(message: str) -> str:
    """The innermost line of wasm-tools' chain of causes."""
    lines = [line.strip() for line in message.strip().splitlines()] or ["no reason given"]
    return shown(re.sub(r" \(at offset 0x[0-9a-f]+\)$", "", lines[-1]), 300)
