"""C to a component: compile against `aei.h`, embed the world, wrap the module."""

from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

from aei_protocol.interface import ALWAYS
from aei_sdk.builder.compiler import run_compiler
from aei_sdk.builder.toolchain import Tool
from aei_sdk.builder.world import WORLD

STACK_BYTES = 256 * 1024

_FLAGS = (
    "-std=c11",
    "-O2",
    "-nostdlib",
    "-ffreestanding",
    "-mbulk-memory",
    "-Wall",
    "-Wextra",
    "-Wno-unused-function",
    "-Wl,--no-entry",
    f"-Wl,-z,stack-size={STACK_BYTES}",
    "-Wl,--strip-all",
)


def compile_c(
    compiler: Tool, wasm_tools: Tool, interfaces: Sequence[str], folder: Path, compiler_cache: Path
) -> Path:
    """Compile `folder/src/*.c` for the world in `folder/wit` and return the component's path.

    Raises:
        CompileFailed: a step failed; the message carries the compiler's own words.
    """
    sources = sorted(str(p.relative_to(folder)) for p in (folder / "src").rglob("*.c"))
    opened = [f"-DAEI_{name.upper()}" for name in interfaces if name not in ALWAYS]
    cache = {"ZIG_GLOBAL_CACHE_DIR": str(compiler_cache), "ZIG_LOCAL_CACHE_DIR": str(compiler_cache)}
    with as_file(files("aei_sdk") / "guest" / "c") as headers:
        command = [*compiler.command, *_FLAGS, *opened, "-Isrc", f"-I{headers}", "-o", "core.wasm", *sources]
        run_compiler(command, folder, cache)
    embed = ["component", "embed", "wit", "--world", WORLD, "core.wasm", "-o", "embedded.wasm"]
    run_compiler([*wasm_tools.command, *embed], folder, {})
    run_compiler([*wasm_tools.command, "component", "new", "embedded.wasm", "-o", "plugin.wasm"], folder, {})
    return folder / "plugin.wasm"
