"""Building a package from a project, out of the cache where nothing has changed."""

import hashlib
import io
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aei_protocol.manifest import COMPONENT_NAME, MANIFEST_NAME, PACKAGE_SUFFIX, SBOM_NAME
from aei_sdk.builder.archive import pack
from aei_sdk.builder.c import compile_c
from aei_sdk.builder.cache import BuildCache, key_of, kit_digest
from aei_sdk.builder.javascript import compile_javascript, unopened_imports
from aei_sdk.builder.node import find_componentizer_for_javascript
from aei_sdk.builder.python import compile_python
from aei_sdk.builder.python_source import unopened_uses
from aei_sdk.builder.sbom import write_sbom
from aei_sdk.builder.toolchain import Tool, find_c_compiler, find_componentizer, find_wasm_tools
from aei_sdk.builder.world import write_world
from aei_sdk.errors import CompileFailed
from aei_sdk.project import Language, Project

BUILD_FOLDER = "build"

#: Told what the build is doing, in a few words.
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Built:
    """A finished package.

    Attributes:
        component_bytes: size of the component inside.
        unchanged: it came from the cache, nothing was compiled or packed.
    """

    path: Path
    sha256: str
    size_bytes: int
    component_bytes: int
    seconds: float
    unchanged: bool


def default_output(project: Project) -> Path:
    """`build/NAMESPACE.NAME-VERSION.aeiplugin` in the project."""
    name = f"{project.manifest.id}-{project.manifest.version}{PACKAGE_SUFFIX}"
    return project.directory / BUILD_FOLDER / name


def build_package(
    project: Project,
    cache: BuildCache,
    report: Report,
    *,
    output: Path | None = None,
    with_source: bool = False,
) -> Built:
    """Build a project's package and write it to `output` (`default_output` when none is given).

    Raises:
        ToolchainMissing: the language's compiler is not installed.
        CompileFailed: the source does not compile.
    """
    started = time.monotonic()
    toolchain, sources = _toolchain(project.language, cache), project.sources()
    component_key = key_of(_component_parts(project, sources, toolchain))
    key = key_of(_package_parts(project, component_key, with_source))
    content = cache.find(key)
    unchanged = content is not None
    if content is None:
        component = _component(project, sources, toolchain, cache, component_key, report)
        report("packing")
        content = pack(_entries(project, sources, component, toolchain, with_source))
        cache.keep(key, content)
    path = output or default_output(project)
    _put(path, content)
    digest = hashlib.sha256(content).hexdigest()
    return Built(path, digest, len(content), _component_size(content), time.monotonic() - started, unchanged)


def build_component(project: Project, cache: BuildCache, report: Report) -> bytes:
    """Build only the component.

    Raises:
        ToolchainMissing: the language's compiler is not installed.
        CompileFailed: the source does not compile.
    """
    toolchain, sources = _toolchain(project.language, cache), project.sources()
    key = key_of(_component_parts(project, sources, toolchain))
    return _component(project, sources, toolchain, cache, key, report)


def _toolchain(language: Language, cache: BuildCache) -> tuple[Tool, ...]:
    match language:
        case Language.C:
            return find_c_compiler(), find_wasm_tools()
        case Language.PYTHON:
            return (find_componentizer(),)
        case Language.JAVASCRIPT:
            return (find_componentizer_for_javascript(cache),)


def _component_parts(
    project: Project, sources: dict[str, bytes], toolchain: Sequence[Tool]
) -> Iterable[tuple[str, bytes]]:
    """Everything that decides the component's bytes."""
    yield "kit", kit_digest().encode()
    yield "interfaces", " ".join(project.manifest.interfaces).encode()
    yield "toolchain", " ".join(tool.label for tool in toolchain).encode()
    yield from ((f"source/{path}", content) for path, content in sources.items())


def _package_parts(project: Project, component_key: str, with_source: bool) -> Iterable[tuple[str, bytes]]:
    yield "component", component_key.encode()
    yield "with source", str(with_source).encode()
    yield MANIFEST_NAME, project.manifest_bytes
    yield from project.documents().items()


def _component(
    project: Project,
    sources: dict[str, bytes],
    toolchain: Sequence[Tool],
    cache: BuildCache,
    key: str,
    report: Report,
) -> bytes:
    if (kept := cache.find(key)) is not None:
        return kept
    with cache.turn(key):
        # Python takes twenty seconds: whoever built the same meanwhile has kept it.
        return cache.find(key) or _newly_compiled(project, sources, toolchain, cache, key, report)


def _newly_compiled(
    project: Project,
    sources: dict[str, bytes],
    toolchain: Sequence[Tool],
    cache: BuildCache,
    key: str,
    report: Report,
) -> bytes:
    _refuse_unopened(project, sources)
    report(f"compiling with {toolchain[0].label}")
    component = _compile(project, sources, toolchain, cache)
    cache.keep(key, component)
    return component


#: What finds a use of a closed interface before the compiler runs; C's compiler says it at once.
_UNOPENED = {
    Language.C: (),
    Language.PYTHON: (unopened_uses,),
    Language.JAVASCRIPT: (unopened_imports,),
}


def _refuse_unopened(project: Project, sources: dict[str, bytes]) -> None:
    if faults := [
        f for find in _UNOPENED[project.language] for f in find(sources, project.manifest.interfaces)
    ]:
        raise CompileFailed(
            "The source asks for more than its manifest opens",
            advice="Request it in plugin.json, with a reason that a person reads, or do without it.",
            faults=faults,
        )


def _compile(
    project: Project, sources: dict[str, bytes], toolchain: Sequence[Tool], cache: BuildCache
) -> bytes:
    """Compile in a folder of its own, so that the project stays clean and builds can run side by side."""
    with tempfile.TemporaryDirectory(prefix="aei-build-") as name:
        folder = Path(name)
        write_world(project.manifest.interfaces, folder / "wit")
        for path, content in sources.items():
            _write(folder / "src" / path, content)
        return _compiled(project, toolchain, folder, cache).read_bytes()


def _compiled(project: Project, toolchain: Sequence[Tool], folder: Path, cache: BuildCache) -> Path:
    interfaces = project.manifest.interfaces
    match project.language:
        case Language.C:
            compiler, wasm_tools = toolchain
            return compile_c(compiler, wasm_tools, interfaces, folder, cache.folder / "compiler")
        case Language.PYTHON:
            return compile_python(toolchain[0], interfaces, folder)
        case Language.JAVASCRIPT:
            return compile_javascript(toolchain[0], interfaces, folder)


def _entries(
    project: Project,
    sources: dict[str, bytes],
    component: bytes,
    toolchain: Sequence[Tool],
    with_source: bool,
) -> dict[str, bytes]:
    entries = {
        MANIFEST_NAME: project.manifest_bytes,
        COMPONENT_NAME: component,
        SBOM_NAME: write_sbom(project.manifest, component, sources, toolchain),
        **project.documents(),
    }
    if with_source:
        entries |= {f"source/{path}": content for path, content in sources.items()}
    return entries


def _component_size(package: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.getinfo(COMPONENT_NAME).file_size


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _put(path: Path, content: bytes) -> None:
    """Write a package complete or not at all: who is interrupted leaves the one that was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    half = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        half.chmod(0o666 & ~_umask())
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """What new files lack; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
