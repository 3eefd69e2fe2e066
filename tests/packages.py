"""Honest packages of small plugins, made without a toolchain, for tests above the gate."""

import io
import json
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import wasmtime

from aei_protocol.interface import SIGNATURES, import_name

MANIFEST: Mapping[str, Any] = {
    "manifest_version": 1,
    "id": "acme.echo",
    "version": "1.0.0",
    "name": "Echo",
    "description": "Answers every task with the same words",
    "author": {"name": "Acme", "email": "plugins@acme.example"},
    "kind": "tool",
    "categories": ["testing"],
    "license": "Apache-2.0",
    "compatibility": {"aei": ">=1.0.0 <3.0.0"},
}

#: WAT of the interfaces that a test's component may import.
INTERFACES = {
    "log": '(export "log" (func (param "level" string) (param "message" string)))',
    "http": '(export "fetch" (func (param "request" string) (result (result string (error string)))))',
    "secrets": '(export "get" (func (param "name" string) (result (result string (error string)))))',
    "clock": '(export "now" (func (result u64))) (export "monotonic" (func (result u64)))',
}
_TEXT_AT = 64


def component_wat(answer: str = '{"said":"echo"}', imports: tuple[str, ...] = (), body: str = "") -> str:
    """WAT of a component that answers every task with `answer`.

    Args:
        imports: interfaces to import (and not call), for example `log`.
        body: core instructions to run first, for example `(loop (br 0))` or `unreachable`.
    """
    assert set(imports) <= set(SIGNATURES)
    head = b"\0\0\0\0" + _TEXT_AT.to_bytes(4, "little") + len(answer.encode()).to_bytes(4, "little")
    imported = "".join(f'(import "{import_name(i)}" (instance {INTERFACES[i]}))' for i in imports)
    return f"""(component
      {imported}
      (core module $m
        (memory (export "memory") 1)
        (data (i32.const 0) "{_escaped(head)}")
        (data (i32.const {_TEXT_AT}) "{_escaped(answer.encode())}")
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 32768)
        (func (export "run") (param i32 i32) (result i32) {body} i32.const 0))
      (core instance $i (instantiate $m))
      (func $run (param "task" string) (result (result string (error string)))
        (canon lift (core func $i "run") (memory (core memory $i "memory"))
          (realloc (core func $i "realloc"))))
      (export "run" (func $run)))"""


@lru_cache
def make_component(wat: str | bytes) -> bytes:
    """The binary of a component's WAT; what is binary stays."""
    return wat if isinstance(wat, bytes) else bytes(wasmtime.wat2wasm(wat))


def make_manifest(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The sample manifest with other values; an override of None leaves the key out."""
    changed = {**MANIFEST, **(overrides or {})}
    return {key: value for key, value in changed.items() if value is not None}


def make_package(
    overrides: Mapping[str, Any] | None = None,
    *,
    wat: str | bytes | None = None,
    files: Mapping[str, bytes | None] | None = None,
) -> bytes:
    """A package that passes the gate, unless the overrides spoil it.

    Args:
        overrides: manifest keys to change, for example `{"id": "acme.other", "version": "2.0.0"}`.
        wat: the component, by default one that answers `{"said":"echo"}` and imports nothing.
        files: further or other files by name; None leaves one out.
    """
    manifest = make_manifest(overrides)
    contents: dict[str, bytes | None] = {
        "plugin.json": json.dumps(manifest).encode(),
        "plugin.wasm": make_component(component_wat() if wat is None else wat),
        "README.md": f"# {manifest.get('name')}\n\nA plugin for tests.\n".encode(),
        **(files or {}),
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            if content is not None:
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return held.getvalue()


def _escaped(content: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in content)
