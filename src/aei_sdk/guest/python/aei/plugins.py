"""Other plugins, as declared in the manifest's `dependencies`."""

import json
from typing import Any

from wit_world.imports import plugins as _host

from aei.ask import ask


def call(plugin: str, task: Any) -> Any:
    """Run a task in another plugin and return its result.

    Raises:
        Denied, Invalid, Budget, Unavailable: as their names say.
    """
    return json.loads(ask(_host.call, plugin, json.dumps(task)))
