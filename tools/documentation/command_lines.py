"""Command lines of `aei`, `aei-marketplace` and `./market`: would those programs take them?

The programs' own parsers are asked; nothing is run.
"""

import contextlib
import importlib
import importlib.util
import io
import re
import shlex
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
import typer.main

from tools.documentation.pages import Fault, Line, Page

_SHELLS = ("sh", "bash", "console", "")
_PROGRAMS = {"aei": "aei_sdk.cli.app", "aei-marketplace": "aei_marketplace.manage"}
_SPAN = re.compile(r"(?:aei|aei-marketplace|\./market)(?: .+)?")
_ASSIGNMENT = re.compile(r"\w+=.*")
#: typer's own copy of click has no public name for what a parser raises.
_UsageError: Any = typer.BadParameter.__bases__[0]


class _Unknown(Exception):
    """The program would refuse these words; the message says why."""


def check_command_lines(page: Page) -> Iterator[Fault]:
    """What is wrong with the commands in a page's fenced blocks and code spans."""
    for number, text in _block_lines(page):
        yield from _faults(page, number, text, whole=True)
    for line in page.lines():
        for span in line.spans():
            # A span names a command without all it needs, and may leave something out with "…".
            if _SPAN.fullmatch(span) and "…" not in span:
                yield from _faults(page, line.number, span, whole=False)


def _block_lines(page: Page) -> Iterator[tuple[int, str]]:
    """Lines of shell blocks, those that end with a backslash joined to the next."""
    held: Line | None = None
    for line in page.lines():
        if line.block not in _SHELLS:
            continue
        text = line.text.strip().removeprefix("$ ")
        joined = f"{held.text} {text}" if held else text
        number = held.number if held else line.number
        held = Line(number, joined.removesuffix("\\"), "") if joined.endswith("\\") else None
        if held is None:
            yield number, joined


def _faults(page: Page, number: int, text: str, *, whole: bool) -> Iterator[Fault]:
    try:
        commands = list(split(text))
    except ValueError:
        # Quotes that are still open: part of a longer text, which starts no command of ours.
        return
    for words in commands:
        try:
            _check(page.root, words, whole)
        except _Unknown as unknown:
            yield page.fault(number, f"`{shlex.join(words)}`: {unknown}")


def split(text: str) -> Iterator[list[str]]:
    """The simple commands of a shell line, without assignments and redirections before their words.

    Raises:
        ValueError: a quote is not closed.
    """
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split, lexer.commenters = True, "#"
    words: list[str] = []
    for token in [*lexer, ";"]:
        if token in ("|", "||", "&", "&&", ";", "(", ")", "$("):
            if words:
                yield words
            words = []
        elif words or not _ASSIGNMENT.fullmatch(token):
            words.append(token)


def _check(root: Path, words: list[str], whole: bool) -> None:
    name = Path(words[0]).name
    arguments = words[1 : words.index(">")] if ">" in words else words[1:]
    if name in _PROGRAMS:
        _check_typer(_program(_PROGRAMS[name]), name, arguments, whole)
    elif words[0] in ("./market", "market"):
        _check_market(root, arguments)


def _check_typer(command: Any, name: str, words: list[str], whole: bool) -> None:
    while hasattr(command, "commands") and words and words[0] != "--help":
        if command.invoke_without_command and words[0].startswith("-"):
            break  # a group that is a command itself, with options of its own
        name, words = words[0], words[1:]
        if name not in command.commands:
            raise _Unknown(f"there is no command {name}; there are {', '.join(sorted(command.commands))}")
        command = command.commands[name]
    group_alone = hasattr(command, "commands") and not (command.invoke_without_command and words)
    if group_alone or "--help" in words:
        return
    try:
        command.make_context(name, list(words))
    except _UsageError as error:
        if whole or type(error).__name__ != "MissingParameter":
            raise _Unknown(error.format_message()) from None


@cache
def _program(module: str) -> Any:
    return typer.main.get_command(_load(module).app)


def _check_market(root: Path, words: list[str]) -> None:
    script = _market(root)
    known: dict[str, Callable[[list[str]], None]] = {
        "help": _nothing,
        "check": _nothing,
        "test": lambda _: None,  # the rest is pytest's
        "install": partial(_check_names, script.SETS, least=1),
        "bench": _check_bench,
        "up": _check_up,
    }
    if words and words[0] not in known:
        raise _Unknown(f"there is no command {words[0]}; there are {', '.join(sorted(known))}")
    if words:
        known[words[0]](words[1:])


@cache
def _market(root: Path) -> ModuleType:
    loader = SourceFileLoader("market", str(root / "market"))
    spec = importlib.util.spec_from_loader("market", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def _nothing(words: list[str]) -> None:
    if words:
        raise _Unknown("it takes no arguments")


def _check_names(known: Iterable[str], words: list[str], least: int = 0) -> None:
    if len(words) < least or set(words) - set(known):
        raise _Unknown(f"it takes {'one or more' if least else 'any'} of {', '.join(known)}")


def _check_bench(words: list[str]) -> None:
    benches = _load("aei_marketplace.bench.__main__").BENCHES
    _check_names([*benches, "--json", "--quick"], words)


def _check_up(words: list[str]) -> None:
    parser: ArgumentParser = _load("aei_marketplace.launcher.__main__")._parser()
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            parser.parse_args(words)
    except SystemExit as end:
        if end.code:
            raise _Unknown(said.getvalue().strip().rpartition("error: ")[2]) from None


def _load(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise _Unknown(f"the command cannot be loaded: {error}") from error
