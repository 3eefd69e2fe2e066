"""Honest packages and their parts, to be spoiled one thing at a time."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import wasmtime

from tests.inspection.zips import Entry, write

MANIFEST: Mapping[str, Any] = {
    "manifest_version": 1,
    "id": "acme.summarise",
    "version": "1.2.0",
    "name": "Summarise",
    "description": "Shortens a text to its most telling sentences",
    "author": {"name": "Acme", "email": "plugins@acme.example"},
    "kind": "agent",
    "categories": ["writing"],
    "license": "Apache-2.0",
    "compatibility": {"aei": ">=1.0.0 <3.0.0"},
}
LOG = "aei:plugin/log@0.1.0"
LOG_TYPE = '(export "log" (func (param "level" string) (param "message" string)))'
RUN_TYPE = '(param "task" string) (result (result string (error string)))'


def manifest(**changes: Any) -> bytes:
    """The sample manifest with other values; a value of None leaves the key out."""
    changed = {**MANIFEST, **changes}
    return json.dumps({key: value for key, value in changed.items() if value is not None}).encode()


def imported(name: str = LOG, exports: str = LOG_TYPE) -> str:
    """WAT of one imported instance."""
    return f'(import "{name}" (instance {exports}))'


def component_text(
    imports: str = "", run_type: str = RUN_TYPE, exports: str = '(export "run" (func $run))'
) -> str:
    """WAT of a component that answers every task with whatever lies in its memory."""
    return f"""(component
      {imports}
      (core module $m
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
        (func (export "run") (param i32 i32) (result i32) i32.const 0))
      (core instance $i (instantiate $m))
      (func $run {run_type}
        (canon lift (core func $i "run") (memory (core memory $i "memory"))
          (realloc (core func $i "realloc"))))
      {exports})"""


@lru_cache
def component(text: str | None = None) -> bytes:
    """The binary of a WAT text, by default of a component that imports `log` and exports `run`."""
    return bytes(wasmtime.wat2wasm(component_text(imported()) if text is None else text))


def entries(**changes: bytes | None) -> list[Entry]:
    """An honest package's entries; a change of None leaves a file out. `__` stands for `/`, `_` for `.`."""
    files: dict[str, bytes | None] = {
        "plugin.json": manifest(),
        "plugin.wasm": component(),
        "README.md": b"# Summarise\n",
    }
    return [Entry(name, content) for name, content in {**files, **changes}.items() if content is not None]


def package(files: Mapping[str, bytes | None] | None = None) -> bytes:
    """An honest package, with other files or, for None, without them."""
    return write(entries(**dict(files or {})))
