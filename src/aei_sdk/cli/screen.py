"""What a command shows: text for people, JSON for programs, errors that say what to do next."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from aei_sdk.errors import AeiError, ApiError, Fault, UsageRefused

#: Told a share from 0 to 1 of the work, or None while that is unknown, and what is being done.
ShowProgress = Callable[[float | None, str], None]

_WIDTH_OF_A_PIPE = 160


class Screen:
    """One command's output. As a context manager it turns an `AeiError` into words and an exit code.

    Args:
        as_json: results go to standard output as JSON, and so do errors to standard error.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
        self._out = Console(width=width, highlight=False, markup=False, emoji=False)
        self._err = Console(stderr=True, width=width, highlight=False, markup=False, emoji=False)

    def __enter__(self) -> "Screen":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, AeiError):
            self.show_error(error)
            raise typer.Exit(int(error.exit_code)) from None

    def show(self, value: Any, render: Callable[[], None]) -> None:
        """The command's result: `value` as JSON, or what `render` prints."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
        else:
            render()

    def say(self, text: str, style: str = "") -> None:
        """A line for people; nothing when programs read."""
        if not self.as_json:
            self._out.print(Text(clean(text), style), soft_wrap=True)

    def note(self, text: str) -> None:
        """A line about what is going on, on standard error; nothing when programs read."""
        if not self.as_json:
            self._err.print(Text(clean(text), "dim"), soft_wrap=True)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table; absent values show as a dash, empty headings not at all."""
        table = Table(*headings, box=None, pad_edge=False, header_style="bold", show_header=any(headings))
        for row in rows:
            table.add_row(*(Text("–" if cell in (None, "") else clean(str(cell))) for cell in row))
        self._out.print(table)

    def json_block(self, value: Any) -> None:
        """A JSON value, indented, for people."""
        self._out.print(Text(clean(json.dumps(value, ensure_ascii=False, indent=2))), soft_wrap=True)

    def confirm(self, question: str) -> bool:
        """Ask a person; without one at the terminal the answer is no."""
        return somebody_is_there() and typer.confirm(clean(question), err=True)

    def require_yes(self, question: str, yes: bool) -> None:
        """Stop here unless somebody agrees: by an option (`yes`), or now at the terminal.

        Raises:
            UsageRefused: nobody does.
        """
        if not yes and not self.confirm(question):
            raise UsageRefused("Nothing was changed", question, advice="Answer y, or add --yes")

    @contextmanager
    def progress(self, what: str) -> Iterator[ShowProgress]:
        """A bar on a terminal, a line for each new message elsewhere, nothing when programs read."""
        if self.as_json:
            yield lambda _share, _message: None
        elif self._err.is_terminal:
            with _bar(self._err) as bar:
                task = bar.add_task(clean(what), total=None)
                yield lambda share, message: bar.update(
                    task,
                    total=None if share is None else 1.0,
                    completed=share or 0.0,
                    description=clean(message or what),
                )
        else:
            yield _LineByLine(self)

    def show_error(self, error: AeiError) -> None:
        """An error with its place, what to do next and its trace id."""
        if self.as_json:
            sys.stderr.write(json.dumps(_as_document(error), ensure_ascii=False, indent=2) + "\n")
            return
        self._err.print(Text(f"✗ {clean(error.title)}", "bold red"), soft_wrap=True)
        if error.detail:
            self._err.print(Text(clean(error.detail)), soft_wrap=True)
        for fault in error.faults:
            where = f"{fault.place} {fault.pointer}".strip()
            line = Text("  ") + Text(clean(where), "bold") + Text(f"  {clean(fault.message)}")
            self._err.print(line, soft_wrap=True)
        if error.advice:
            self._err.print(Text(f"→ {clean(error.advice)}", "cyan"), soft_wrap=True)
        if error.trace_id:
            self._err.print(Text(f"trace {clean(error.trace_id)}", "dim"), soft_wrap=True)


class _LineByLine:
    def __init__(self, screen: Screen) -> None:
        self._screen, self._last = screen, ""

    def __call__(self, _share: float | None, message: str) -> None:
        if message and message != self._last:
            self._last = message
            self._screen.note(message)


def somebody_is_there() -> bool:
    """Whether a person can answer questions."""
    return sys.stdin.isatty()


def clean(text: str) -> str:
    """Text of strangers without what would move the cursor, colour the terminal or turn the line round."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _as_document(error: AeiError) -> dict[str, Any]:
    if isinstance(error, ApiError):
        return dict(error.problem)
    return {
        "title": error.title,
        "detail": error.detail,
        "advice": error.advice,
        "errors": [fault_document(fault) for fault in error.faults],
    }


def fault_document(fault: Fault) -> dict[str, str]:
    """A fault for programs; its place only where that is known."""
    document = {"pointer": fault.pointer, "message": fault.message}
    return document | ({"place": fault.place} if fault.place else {})
