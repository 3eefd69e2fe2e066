"""What the launcher says while it works: one line for each step, with its time."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_NAME_WIDTH = 14


class Step:
    """A step under way; `note` ends up on its line."""

    def __init__(self) -> None:
        self.note = ""


class Console:
    """Lines for a person at a terminal or for a log."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._live = out.isatty()

    def line(self, text: str = "") -> None:
        """Say something."""
        self._write(f"{text}\n")

    def error(self, text: str) -> None:
        """Say what went wrong."""
        for line in text.splitlines():
            self._write(f"  ! {line}\n")

    @contextmanager
    def step(self, name: str, background: bool = False) -> Iterator[Step]:
        """Show a step while it runs, and what it took once it ended well.

        Args:
            name: a word or two.
            background: other lines may come before its end.
        """
        step, began = Step(), time.monotonic()
        if background:
            self._write(f"  {name:<{_NAME_WIDTH}}         in the background\n")
        elif self._live:
            self._write(f"  {name:<{_NAME_WIDTH}}         …")
        try:
            yield step
        except BaseException:
            self._write(f"{self._start_of_line()}  {name:<{_NAME_WIDTH}}         not done\n")
            raise
        took = f"{time.monotonic() - began:6.1f} s"
        self._write(f"{self._start_of_line()}  {name:<{_NAME_WIDTH}}{took}  {step.note}".rstrip() + "\n")

    def _start_of_line(self) -> str:
        return "\r\x1b[K" if self._live else ""

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            # Whoever read this is gone; that is no reason to stop serving everybody else.
            self._live = False
            with open(os.devnull, "w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), self._out.fileno())
