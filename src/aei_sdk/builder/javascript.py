"""JavaScript to a component: the author's `plugin.js`, the module `aei`, and QuickJS, snapshotted."""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from aei_sdk.builder.compiler import run_compiler
from aei_sdk.builder.opening import NEEDS
from aei_sdk.builder.toolchain import Tool
from aei_sdk.builder.world import WORLD
from aei_sdk.errors import Fault

#: What the module `aei` offers whatever the manifest opens, besides the interfaces.
_ERRORS = (
    "Failed", "HostError", "Denied", "Invalid", "NotFound", "Timeout", "TooLarge", "Quota", "Budget",
    "Unavailable",
)  # fmt: skip
_SHARED = ("errors", "ask", "globals")
_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
_IMPORT = re.compile(rb"^[ \t]*import\s*\{([^}]*)\}\s*from\s*['\"]aei['\"]", re.MULTILINE)


def compile_javascript(componentizer: Tool, interfaces: Sequence[str], folder: Path) -> Path:
    """Compile `folder/src/plugin.js` for the world in `folder/wit` and return the component's path.

    Raises:
        CompileFailed: the source cannot be read as modules, or fails while it is loaded.
    """
    write_guest_modules(interfaces, folder)
    run_compiler([*componentizer.command, str(folder), WORLD, "plugin.wasm"], folder, {})
    return folder / "plugin.wasm"


def write_guest_modules(interfaces: Sequence[str], folder: Path) -> None:
    """Write the entry and the package `aei` with the modules of these interfaces only."""
    source = files("aei_sdk") / "guest" / "javascript"
    package = folder / "node_modules" / "aei"
    package.mkdir(parents=True)
    (folder / "entry.js").write_bytes((source / "entry.js").read_bytes())
    (package / "package.json").write_bytes((source / "aei" / "package.json").read_bytes())
    for module in (*_SHARED, *interfaces):
        (package / f"{module}.js").write_bytes((source / "aei" / f"{module}.js").read_bytes())
    (package / "index.js").write_text(_index(interfaces), "utf-8")


def unopened_imports(sources: Mapping[str, bytes], interfaces: Sequence[str]) -> list[Fault]:
    """Each name that a source imports from `aei` and that its manifest does not open.

    Args:
        sources: path to content.
        interfaces: those that the manifest opens.
    """
    return [
        Fault(f"src/{path}:{line}", f"{name} of aei is not open to this plugin: plugin.json has no {need}")
        for path, content in sources.items()
        if path.endswith((".js", ".mjs"))
        for line, name in _imports(content)
        if (need := NEEDS.get(name)) and name not in interfaces
    ]


def _index(interfaces: Sequence[str]) -> str:
    modules = [
        'export { progress } from "./progress.js";'
        if name == "progress"
        else f'export * as {name} from "./{name}.js";'
        for name in interfaces
    ]
    return "\n".join([f'export {{ {", ".join(_ERRORS)} }} from "./errors.js";', *modules, ""])


def _imports(content: bytes) -> Iterator[tuple[int, str]]:
    """Line and name of every `import { name } from "aei"` that is not in a comment."""
    # The comment's lines stay, so that the places after it are right.
    code = _COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), content)
    for clause in _IMPORT.finditer(code):
        for name in re.finditer(rb"[\w$]+(?:\s+as\s+[\w$]+)?", clause[1]):
            yield code.count(b"\n", 0, clause.start(1) + name.start()) + 1, name[0].split()[0].decode()
