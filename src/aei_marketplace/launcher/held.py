"""Runs `python -m aei_marketplace.launcher.held MODULE DESCRIPTOR`: loads first, begins when told.

Loading a process's code takes longer than anything else in a start. It goes on while the database is
still being prepared; the process begins when the launcher closes its end of the pipe.
"""

import importlib
import os
import sys


def main(module: str, descriptor: int) -> None:
    """Load a module, wait for the end of the pipe, and run the module's `main`."""
    begin = importlib.import_module(module).main
    os.read(descriptor, 1)
    os.close(descriptor)
    begin()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
