"""Running a component in this process, to test the guest side alone; the sandbox has its own tests."""

import json
import zipfile
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from wasmtime import Engine, Store
from wasmtime.component import Component, Linker, Variant

from aei_protocol.interface import import_name
from aei_sdk.builder.cache import BuildCache, key_of
from aei_sdk.builder.package import build_component, build_package
from aei_sdk.project import Project, read_project

Functions = Mapping[str, Callable[..., Any]]


class Guest:
    """A component, run in a fresh instance for each task.

    Attributes:
        said: what it logged, as (level, message), and reported, as (fraction, message).
    """

    def __init__(self, component: bytes, cache: BuildCache, **interfaces: Functions) -> None:
        self._engine = Engine()
        self._component = _compiled(self._engine, component, cache)
        self.said: list[tuple[Any, str]] = []
        always: dict[str, Functions] = {
            "log": {"log": lambda _s, level, message: self.said.append((level, message))},
            "progress": {"report": lambda _s, fraction, message: self.said.append((fraction, message))},
            "clock": {"now": lambda _s: 1_900_000_000_123, "monotonic": lambda _s: 42},
            "random": {"hex": lambda _s, count: "5a" * count},
            "config": {"get": lambda _s: '{"depth": 3}'},
        }
        self._interfaces = always | interfaces

    def run(self, task: str) -> tuple[bool, str]:
        """Run a task given as text; whether it went well, and the result or error text."""
        linker = Linker(self._engine)
        with linker.root() as root:
            for name, functions in self._interfaces.items():
                with root.add_instance(import_name(name)) as instance:
                    for function, call in functions.items():
                        instance.add_func(function, call)
        store = Store(self._engine)
        run = linker.instantiate(store, self._component).get_func(store, "run")
        assert run is not None
        result = run(store, task)
        return result.tag == "ok", result.payload

    def ask(self, task: Any) -> Any:
        """Run a task and return its result as JSON; an error result fails the test."""
        fine, text = self.run(json.dumps(task, ensure_ascii=False))
        assert fine, text
        return json.loads(text)

    def error(self, task: Any) -> str:
        """Run a task that must end in an error, and return its text."""
        fine, text = self.run(json.dumps(task))
        assert not fine, text
        return text


def _compiled(engine: Engine, component: bytes, cache: BuildCache) -> Component:
    """Machine code takes seconds to make from a Python component, so it is kept like the build itself."""
    key = key_of([("component", component), ("engine", metadata.version("wasmtime").encode())])
    if (kept := cache.find(key)) is not None:
        return Component.deserialize(engine, kept)
    compiled = Component(engine, component)
    cache.keep(key, bytes(compiled.serialize()))
    return compiled


def ok(text: str) -> Variant:
    """The host's answer result<string,string> when all is well."""
    return Variant("ok", text)


def err(code: str, message: str) -> Variant:
    """The host's answer when a call fails."""
    return Variant("err", json.dumps({"code": code, "message": message}))


def write_project(folder: Path, source: str, suffix: str, **manifest: Any) -> Project:
    """A project with one source file and a small manifest, changed by `manifest`."""
    document = {
        "manifest_version": 1,
        "id": "acme.sample",
        "version": "0.1.0",
        "name": "Sample",
        "description": "a sample",
        "author": {"name": "Acme"},
        "kind": "tool",
        "categories": ["testing"],
        "license": "Apache-2.0",
        "compatibility": {"aei": "*"},
        **manifest,
    }
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "plugin.json").write_text(json.dumps(document), "utf-8")
    (folder / "README.md").write_text("# Sample\n", "utf-8")
    (folder / "src" / f"plugin.{suffix}").write_text(source, "utf-8")
    return read_project(folder)


def component_of(project: Project, cache: BuildCache) -> bytes:
    """The project's component, from the cache when it was built before."""
    return build_component(project, cache, lambda _step: None)


def package_of(project: Project, cache: BuildCache, output: Path) -> zipfile.ZipFile:
    """The project's package, written to `output`."""
    build_package(project, cache, lambda _step: None, output=output)
    return zipfile.ZipFile(output)
