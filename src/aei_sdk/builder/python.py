"""Python to a component: the author's `plugin.py`, the guest module `aei`, and CPython, snapshotted."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from aei_protocol.interface import ALWAYS
from aei_sdk.builder.compiler import run_compiler
from aei_sdk.builder.toolchain import Tool
from aei_sdk.builder.world import WORLD

#: The module that holds the exported class; it calls the author's `run`.
ENTRY = "aei_entry"


def compile_python(componentizer: Tool, interfaces: Sequence[str], folder: Path) -> Path:
    """Compile `folder/src/plugin.py` for the world in `folder/wit` and return the component's path.

    Raises:
        CompileFailed: the source cannot be imported, or the tool failed.
    """
    write_guest_modules(interfaces, folder / "guest")
    options = ["-q", "-d", "wit", "-w", WORLD, "componentize", "--stub-wasi", "-p", "guest", "-p", "src"]
    command = [*componentizer.command, *options, ENTRY, "-o", "plugin.wasm"]
    # A fixed hash seed and no site-packages of the caller: the snapshot depends on the source alone.
    run_compiler(command, folder, {"PYTHONHASHSEED": "0", "VIRTUAL_ENV": ""})
    return folder / "plugin.wasm"


def write_guest_modules(interfaces: Sequence[str], folder: Path) -> None:
    """Write the entry and the package `aei` with the modules of these interfaces only."""
    source = files("aei_sdk") / "guest" / "python"
    package = folder / "aei"
    package.mkdir(parents=True)
    (folder / f"{ENTRY}.py").write_bytes((source / f"{ENTRY}.py").read_bytes())
    for module in ("__init__", "errors", "ask", *interfaces):
        (package / f"{module}.py").write_bytes((source / "aei" / f"{module}.py").read_bytes())
    opened = [name for name in interfaces if name not in ALWAYS]
    (package / "opened.py").write_text(f"OPENED = {tuple(opened)!r}\n", "utf-8")
