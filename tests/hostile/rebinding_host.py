"""A sandbox host whose resolver changes its mind, and whose connections go nowhere: a test switch.

`python rebinding_host.py RECORD ARGUMENTS…` runs `aei_sandbox.host` with these arguments. RECORD gets a
JSON line for each name that is looked up and each address that would be connected to.
"""

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import aiohappyeyeballs

from aei_sandbox import host
from aei_sandbox.broker import transport

PUBLIC, LOOPBACK = "93.184.215.14", "127.0.0.1"
_record = Path(sys.argv.pop(1)).open("a", buffering=1)  # noqa: SIM115 for the life of the process
_turns = itertools.count()


async def look_up(name: str, port: int) -> list[str]:
    """Both at once for one name; public first and loopback from then on for the other."""
    _record.write(json.dumps({"looked_up": name}) + "\n")
    if name == "mixed.example":
        return [PUBLIC, LOOPBACK]
    return [PUBLIC] if next(_turns) == 0 else [LOOPBACK]


async def start_connection(addr_infos: Any, **named: Any) -> Any:
    """Note where it would go; nothing leaves this machine."""
    for *_, address in addr_infos:
        _record.write(json.dumps({"connect": address[0]}) + "\n")
    raise OSError("the experiment lets no connection out")


transport.Transport.__init__.__defaults__ = (look_up,)  # type: ignore[misc]
aiohappyeyeballs.start_connection = start_connection
host.main()
