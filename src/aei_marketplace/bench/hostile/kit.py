"""Plugins that have a project of their own, built by the authors' command, and one built with WASI."""

import functools
import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path

from aei_marketplace.bench.hostile.plugin import Plugin
from aei_protocol.interface import ALWAYS, wit_files, world
from aei_protocol.manifest import COMPONENT_NAME

PROJECTS = Path(__file__).parent / "plugins"
_BUILDING_S = 600.0
_COMPONENTIZE = "from componentize_py import script; raise SystemExit(script())"


@functools.cache
def built(project: str) -> bytes:
    """The package of a project; the authors' kit keeps what it has built."""
    with tempfile.TemporaryDirectory(prefix="aei-bench-") as folder:
        package = Path(folder, "built")
        _run([sys.executable, "-P", "-m", "aei_sdk.cli", "plugin", "build", str(PROJECTS / project)],
             ["-o", str(package)], Path(folder))  # fmt: skip
        return package.read_bytes()


def component_of(package: bytes) -> bytes:
    """The component in a package."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.read(COMPONENT_NAME)


@functools.cache
def project_plugin(project: str) -> Plugin:
    """The plugin of a project: `NAMESPACE.NAME` under `plugins/`; `granted.json` says what is, if not all."""
    manifest = json.loads((PROJECTS / project / "plugin.json").read_text("utf-8"))
    namespace, _, name = manifest["id"].partition(".")
    granted = PROJECTS / project / "granted.json"
    return Plugin(
        name,
        lambda: component_of(built(project)),
        permissions=manifest.get("permissions", {}),
        limits=manifest.get("limits", {}),
        grants=json.loads(granted.read_text("utf-8")) if granted.exists() else None,
        namespace=namespace,
        published=lambda: built(project),
    )


@functools.cache
def wasi_component() -> bytes:
    """`plugins/wild.wasi`, componentised with WASI instead of without; kept under a digest of its source."""
    source = (PROJECTS / "wild.wasi" / "app.py").read_bytes()
    kit = metadata.version("componentize-py").encode()
    key = hashlib.sha256(source + kit + json.dumps(wit_files()).encode()).hexdigest()[:24]
    kept = _cache() / f"wasi-{key}.wasm"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(f".{os.getpid()}")
        half.write_bytes(_componentize(source))
        half.rename(kept)
    return kept.read_bytes()


def _componentize(source: bytes) -> bytes:
    with tempfile.TemporaryDirectory(prefix="aei-bench-") as name:
        folder = Path(name)
        (folder / "wit").mkdir()
        for file, text in {**wit_files(), "world.wit": world(ALWAYS, "plugin")}.items():
            (folder / "wit" / file).write_text(text, "utf-8")
        (folder / "app.py").write_bytes(source)
        options = ["-q", "-d", "wit", "-w", "plugin", "componentize", "app", "-o", "out.wasm"]
        _run([sys.executable, "-c", _COMPONENTIZE], options, folder)
        return (folder / "out.wasm").read_bytes()


def _cache() -> Path:
    named = os.environ.get("AEI_BUILD_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "aei" / "builds"


def _run(command: list[str], options: list[str], folder: Path) -> None:
    done = subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, timeout=_BUILDING_S, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(command[-3:])}: {done.stdout.decode()[-2000:]}{done.stderr.decode()[-2000:]}"
        )
