"""What people use instead of a sandbox like ours: a process for each task.

The Python peers run the very source of the example plugin on the bench's own task, without the marketplace
around it: no sign-in, no record, no limits. The node and extism peers do next to nothing.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from aei_marketplace.bench.report import median

TASK = json.dumps(
    {"text": "One sentence stands here. Another one follows it. A third ends the text.", "sentences": 1}
).encode()
_PLUGIN = Path(__file__).resolve().parents[3] / "plugins" / "studio.summarise" / "src"
#: Stands for the kit's guest library, whose calls go nowhere here.
_SCRIPT = """
import json, sys, types
aei = types.ModuleType("aei")
aei.progress, aei.log, aei.Failed = (lambda *_: None), types.SimpleNamespace(info=lambda *_: None), Exception
sys.modules["aei"] = aei
sys.path.insert(0, sys.argv[1])
from plugin import run
json.dump(run(json.load(sys.stdin)), sys.stdout)
"""
_PYTHON = [sys.executable, "-I", "-B", "-c", _SCRIPT, str(_PLUGIN)]
_MODULE = """
(module (memory (export "memory") 1) (func (export "run") (result i32) (i32.const 0)))
"""


def measure(times: int) -> dict[str, float | int | None]:
    """The median milliseconds of each peer; None for one that is not installed here."""
    found = {
        "python_subprocess.p50_ms": _process(_PYTHON),
        "bubblewrap_python.p50_ms": _bubblewrap(),
        "node_subprocess.p50_ms": _node(),
        "extism.p50_ms": _extism(),
    }
    return {name: _median(run, times) for name, run in found.items()}


def _median(run: Callable[[], None] | None, times: int) -> float | None:
    if run is None:
        return None
    run()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


def _process(command: list[str]) -> Callable[[], None]:
    def run() -> None:
        subprocess.run(command, input=TASK, check=True, capture_output=True)

    return run


def _bubblewrap() -> Callable[[], None] | None:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return None
    walls = ["--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    return _process([bwrap, *walls, *_PYTHON])


def _node() -> Callable[[], None] | None:
    node = shutil.which("node")
    script = "process.stdin.on('data', d => console.log(JSON.parse(d).text.length))"
    return _process([node, "-e", script]) if node else None


def _extism() -> Callable[[], None] | None:
    try:
        import extism
    except ImportError:
        return None
    tool = shutil.which("wasm-tools", path=str(_scripts())) or "wasm-tools"
    parsed = subprocess.run([tool, "parse", "-"], input=_MODULE.encode(), check=True, capture_output=True)
    module = parsed.stdout

    def run() -> None:
        extism.Plugin(module).call("run", TASK)

    return run


def _scripts() -> str:
    return sys.executable.rpartition("/")[0]
