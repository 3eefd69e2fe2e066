"""Whether bytes that were hidden are a program, and of what kind."""

import ast
import re

from aei_inspection.content.python_constants import Unreadable, parsed

_BINARIES = (
    (b"\x7fELF", "a program for Linux"),
    (b"MZ", "a program for Windows"),
    (b"\xcf\xfa\xed\xfe", "a program for macOS"),
    (b"\0asm", "a WebAssembly module"),
)
#: Marshalled code of CPython: the type `c`, with or without its flag, then small numbers of arguments.
_MARSHALLED = re.compile(rb"[\xe3c][\0-\x10]\0\0\0[\0-\x10]\0\0\0[\0-\x10]\0\0\0")
_PYTHON = tuple(
    re.compile(form, re.MULTILINE)
    for form in (
        r"^\s*(?:from\s+[\w.]+\s+)?import\s+[\w.*]+",
        r"\b__import__\s*\(",
        r"\b(?:exec|eval|compile|getattr|globals)\s*\(",
        r"^\s*(?:async\s+)?def\s+\w+\s*\(.*\)\s*(?:->.*)?:",
        r"\b(?:os\.system|os\.popen|subprocess\.\w+|socket\.\w+|urlopen|requests\.\w+|http\.fetch)\s*\(",
        r"\blambda\b.*:",
    )
)
_SCRIPT = tuple(
    re.compile(form)
    for form in (
        r"\bfunction\b\s*\*?\s*[\w$]*\s*\(",
        r"\)\s*=>|\b[\w$]+\s*=>",
        r"\b(?:const|let|var)\s+[\w$\[{]+\s*=",
        r"\b(?:eval|Function|atob|fetch|require|importScripts)\s*\(",
        r"\bnew\s+[A-Z][\w$.]*\s*\(",
        r"\b(?:document|window|globalThis|process)\.[\w$]+",
        r"\breturn\b.*;",
    )
)
_SHELL = re.compile(
    r"\A#!\s*/\S*(?:sh|python\d?|perl|node|env)\b|\b(?:curl|wget)\s+\S.*\|\s*(?:ba)?sh\b"
    r"|/dev/tcp/|\b(?:ba)?sh\s+-[ic]\b"
    r"|\b(?:powershell|cmd(?:\.exe)?\s+/c)\b",
    re.IGNORECASE,
)
_ENOUGH = 2


def program_in(content: bytes) -> str | None:
    """What kind of program a content is; None when it is none, as far as can be told."""
    for magic, kind in _BINARIES:
        if content.startswith(magic) and len(content) > len(magic) + 12:
            return kind
    if _MARSHALLED.match(content):
        return "compiled Python"
    if content.startswith(b"<"):
        return (
            "a script in a page"
            if re.search(rb"<script\b[^>]*>[^<]*(?:eval|atob|fetch)\s*\(", content)
            else None
        )
    text = content[:65_536].decode("utf-8", "replace")
    if _SHELL.search(text):
        return "a shell script"
    if _is_python(text):
        return "Python"
    # JSON and prose have none of the two forms that are asked for.
    if sum(bool(form.search(text)) for form in _SCRIPT) >= _ENOUGH and re.search(r"[;{}]", text):
        return "JavaScript"
    return None


def _is_python(text: str) -> bool:
    signs = sum(bool(form.search(text)) for form in _PYTHON)
    if not signs:
        return False
    try:
        tree = parsed(text.encode())
    except Unreadable:
        return signs > _ENOUGH
    nodes = list(ast.walk(tree))
    return any(isinstance(node, ast.Import | ast.ImportFrom | ast.Call) for node in nodes)
