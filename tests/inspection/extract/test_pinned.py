"""Exact versions that supplied sources name."""

import json

import pytest

from aei_inspection.extract.pinned import pinned_in
from aei_inspection.extract.texts import Extract

LOCK = {
    "packages": {
        "": {"name": "own", "version": "1.0.0"},
        "node_modules/@scope/a": {"version": "1.2.3"},
        "node_modules/x/node_modules/y": {"version": "4.0.0"},
        "node_modules/tool": {"version": "9.0.0", "dev": True},
        "node_modules/odd": {"version": 5},
    }
}
OLD_LOCK = {
    "dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}}, "c": "1"}
}
CARGO = """
[[package]]
name = "own"
version = "0.1.0"
[[package]]
name = "serde"
version = "1.0.200"
source = "registry+https://index.example"
"""
UV = """
[[package]]
name = "own"
version = "0.1.0"
source = { editable = "." }
[[package]]
name = "idna"
version = "3.6"
source = { registry = "https://index.example" }
"""


@pytest.mark.parametrize(
    ("place", "content", "found"),
    [
        ("source/requirements.txt", "idna==3.6 --hash=x\nx[extra] == 1.0 # why\ny>=2\n#z==1\n-r a==1", {
            ("PyPI", "idna", "3.6"), ("PyPI", "x", "1.0"),
        }),
        ("source/requirements-dev.txt", "pytest==1.0", set()),
        ("source/notes.txt", "idna==3.6", set()),
        ("source/idna-3.6.dist-info/METADATA", "Name: IDNA\nVersion: 3.6\n\nName: no", {
            ("PyPI", "IDNA", "3.6"),
        }),
        ("source/package-lock.json", json.dumps(LOCK), {("npm", "@scope/a", "1.2.3"), ("npm", "y", "4.0.0")}),
        ("source/package-lock.json", json.dumps(OLD_LOCK), {("npm", "a", "1.0.0"), ("npm", "b", "2.0.0")}),
        ("source/node_modules/a/package.json", '{"name": "a", "version": "1.0.0"}', {("npm", "a", "1.0.0")}),
        ("source/package.json", '{"name": "own", "version": "1.0.0"}', set()),
        ("source/Cargo.lock", CARGO, {("crates.io", "serde", "1.0.200")}),
        ("source/uv.lock", UV, {("PyPI", "idna", "3.6")}),
        ("source/go.mod", "module own.example/x\nrequire (\n\tgithub.com/a/b v1.2.3 // indirect\n)\n", {
            ("Go", "github.com/a/b", "v1.2.3"),
        }),
        ("source/package-lock.json", "[" * 100_000, set()),
        ("source/package-lock.json", '{"packages": [], "dependencies": {"a": {"dependencies": 1}}}', set()),
        ("source/Cargo.lock", "package = 1", set()),
        ("source/node_modules/a/package.json", '{"name": "a\\ud800", "version": "1.0.0"}', set()),
        ("source/uv.lock", "not [ toml", set()),
        ("source/x.egg-info/PKG-INFO", "", set()),
    ],
)  # fmt: skip
def test_exact_versions_are_read_and_everything_else_is_left(place, content, found):
    assert set(pinned_in([Extract(place, content.encode())])) == found
