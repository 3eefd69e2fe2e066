"""The installation's configuration."""

import json
from typing import Any

from wit_world.imports import config as _host


def get() -> dict[str, Any]:
    """The configuration as an object that satisfies the manifest's `config_schema`."""
    return json.loads(_host.get())
