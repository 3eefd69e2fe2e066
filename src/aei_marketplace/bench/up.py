"""How long a start takes: from an empty machine, and the second time; what it uses when idle."""

import subprocess
import time
from pathlib import Path

from aei_marketplace.bench.calls import Caller
from aei_marketplace.bench.report import Result
from aei_marketplace.bench.running import CLONE, marketplace, workplace

PLUGINS = ("studio.langid", "studio.summarise", "studio.linkcheck")
ALL_LISTED_S = 400.0
SETTLE_S = 8.0


def measure(quick: bool) -> Result:
    """Start twice from a fresh clone with empty caches; a quick run uses the caches that there are."""
    with workplace() as folder:
        clone = folder / "clone"
        subprocess.run(["git", "clone", "--quiet", str(CLONE), str(clone)], check=True)
        environment = {} if quick else _empty_caches(folder)
        environment["AEI_VENV"] = str(folder / "venv")
        data = folder / "data"
        with marketplace(data, clone=clone, environment=environment) as first:
            caller = Caller(first.url, first.tokens["admin"])
            began = time.monotonic()
            all_listed_s = None if quick else first.seconds + _until_listed(caller, began)
        with marketplace(data, clone=clone, environment=environment) as second:
            time.sleep(SETTLE_S)
            idle_mb = second.memory_mb()
        return Result(
            "up",
            {
                "first_s": first.seconds,
                "second_s": second.seconds,
                "idle_mb": idle_mb,
                "all_examples_s": all_listed_s,
            },
        )


def _empty_caches(folder: Path) -> dict[str, str]:
    names = {
        "UV_CACHE_DIR": "uv",
        "PIP_CACHE_DIR": "pip",
        "XDG_CACHE_HOME": "cache",
        "AEI_BUILD_CACHE": "builds",
    }
    return {variable: str(folder / name) for variable, name in names.items()}


def _until_listed(caller: Caller, began: float) -> float:
    while time.monotonic() - began < ALL_LISTED_S:
        if all(caller.get(f"/api/plugins/{plugin}")[0] == 200 for plugin in PLUGINS):
            return time.monotonic() - began
        time.sleep(0.2)
    raise RuntimeError(f"not all example plugins were listed within {ALL_LISTED_S} s")
