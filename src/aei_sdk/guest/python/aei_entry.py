"""The component's export: JSON in, the author's `plugin.run`, JSON out.

`componentize-py` imports this module at build time and keeps the interpreter as it then is. Whatever is
imported later, while the plugin runs, is not there any more: the author's imports stand at the top.
"""

import json
import traceback

import aei
import plugin
import wit_world
from componentize_py_types import Err


class WitWorld(wit_world.WitWorld):
    """The world's implementation, under the name that componentize-py expects."""

    def run(self, task: str) -> str:
        """Run one task; every exception becomes the error result, and its traceback a log line."""
        try:
            return _encode(plugin.run(json.loads(task)))
        except aei.Failed as failure:
            raise Err(str(failure)) from None
        except Exception as error:  # noqa: BLE001 whatever the plugin raises is its result, not a trap
            aei.log.error(_where(error))
            raise Err(f"{type(error).__name__}: {error}") from None


def _where(error: Exception) -> str:
    """The frames of a traceback. Source lines are left out: to read them traps, there are no files."""
    frames = traceback.walk_tb(error.__traceback__)
    places = [f"  {frame.f_code.co_filename}:{line} in {frame.f_code.co_name}" for frame, line in frames]
    return "\n".join([f"{type(error).__name__}: {error}", *places])


def _encode(result: object) -> str:
    text = json.dumps(result, ensure_ascii=False, allow_nan=False)
    # A lone surrogate can stand in a Python string, never in UTF-8.
    return text.encode("utf-8", "replace").decode("utf-8")
