"""Progress bars on a terminal; one line a stage where nobody watches."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from aei_marketplace.backup.progress import Advance


class Bars:
    """A bar for each stage, on standard error."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr)
        self._progress = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}"),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._end_stage()
        self._progress.stop()

    def stage(self, name: str, total: int | None = None) -> Advance:
        """Show a further bar, and the one before as done."""
        self._end_stage()
        if not self._console.is_terminal:
            self._console.print(f"{name} …", highlight=False)
        self._task = task = self._progress.add_task(name, total=total)
        return lambda amount: self._progress.advance(task, amount)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal to somebody else for the block."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()

    def _end_stage(self) -> None:
        if self._task is not None:
            done = self._progress.tasks[self._task].completed
            self._progress.update(self._task, total=max(done, 1), completed=max(done, 1))
