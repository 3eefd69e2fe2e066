"""What a plugin can ask of its host.

Always: `log`, `progress`, `clock`, `random`, `config`. With the permission in `plugin.json`: `http`
(network), `files` (filesystem), `models`, `secrets`, `plugins` (dependencies).

A plugin is a module `plugin` with a function `run(task)` that takes and returns what JSON can say. Raise
`aei.Failed("why")` to end with an error in plain words.
"""

from importlib import import_module
from types import ModuleType

from aei import clock, config, log, random
from aei.errors import (
    Budget,
    Denied,
    Failed,
    HostError,
    Invalid,
    NotFound,
    Quota,
    Timeout,
    TooLarge,
    Unavailable,
)
from aei.opened import OPENED
from aei.progress import report as progress

__all__ = [
    "Budget",
    "Denied",
    "Failed",
    "HostError",
    "Invalid",
    "NotFound",
    "Quota",
    "Timeout",
    "TooLarge",
    "Unavailable",
    "clock",
    "config",
    "log",
    "progress",
    "random",
]

_PERMISSION = {
    "http": '"permissions": {"network": …}',
    "files": '"permissions": {"filesystem": …}',
    "models": '"permissions": {"models": …}',
    "secrets": '"permissions": {"secrets": …}',
    "plugins": '"dependencies"',
}

for _name in OPENED:
    globals()[_name] = import_module(f"aei.{_name}")


def __getattr__(name: str) -> ModuleType:
    """Say what is missing when a plugin reaches for what its manifest does not request."""
    if name in _PERMISSION:
        raise ImportError(f"aei.{name} is not open to this plugin: plugin.json has no {_PERMISSION[name]}")
    raise AttributeError(f"module 'aei' has no attribute {name!r}")
