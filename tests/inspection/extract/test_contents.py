"""What is packed into a component: distributions, modules, functions, scripts, hosts, software."""

import pytest

from aei_inspection.checks.report import Component
from aei_inspection.extract.components import embedded_components, read_purl, sbom_components
from aei_inspection.extract.core_modules import read_core_modules
from aei_inspection.extract.hosts import hosts_named
from aei_inspection.extract.javascript import scripts
from aei_inspection.extract.memory import Region, rebuild_memory
from aei_inspection.extract.python import Distribution, Module, find_distributions, find_modules
from aei_inspection.extract.python_code import Function, find_functions
from aei_inspection.extract.texts import Extract
from tests.inspection.heaps import BASE, PythonHeap, component_with


def memory_of(heap: PythonHeap) -> list[Region]:
    (module, *_) = read_core_modules(component_with(heap))
    return list(rebuild_memory(module))


def test_distributions_are_read_exactly_where_their_folder_is_a_string_of_its_own():
    names = ["requests-2.31.0.dist-info", "PyYAML-6.0.1.dist-info", "old_one-1!2.0rc1+cu118.egg-info"]
    memory = memory_of(PythonHeap().folder_listing(*names, "requests", "readme-1.0.txt"))
    assert find_distributions(memory) == (
        Distribution("PyYAML", "6.0.1", True),
        Distribution("old_one", "1!2.0rc1+cu118", True),
        Distribution("requests", "2.31.0", True),
    )


def test_a_distribution_in_a_longer_text_is_read_as_far_as_it_reaches():
    heap = PythonHeap().folder_listing(
        "/1/site-packages/idna-3.6.dist-info/METADATA", "urllib3-2.0.7.dist-info"
    )
    assert find_distributions(memory_of(heap)) == (
        Distribution("idna", "3.6", False),
        Distribution("urllib3", "2.0.7", True),
    )


def test_modules_and_functions_are_read_with_the_names_that_they_use():
    heap = PythonHeap().module("plugin", {"run": ["aei", "http", "fetch"], "Reader.take": ["self_size"]})
    heap.module("json/decoder", {"decode": ["scan"]}, folder="python")
    plugin = Module("1", "plugin")
    assert find_modules(memory_of(heap)) == (plugin, Module("python", "json/decoder"))
    assert find_functions(memory_of(heap)) == (
        Function(plugin, "Reader.take", 2, ("self_size",)),
        Function(plugin, "run", 1, ("aei", "http", "fetch")),
    )


def test_a_pointer_that_is_no_code_object_is_no_function():
    heap = PythonHeap()
    file = heap.text("/1/plugin.py")
    heap.content += bytes(-len(heap.content) % 4) + file.to_bytes(4, "little") * 30
    assert find_functions(memory_of(heap)) == ()


def test_a_memory_made_to_keep_a_reader_busy_is_refused_instead_of_read_in_part():
    folders = Region("m", (0, 0), 0, b"a-1.dist-info\0" * 60_000)
    with pytest.raises(ValueError, match="folders"):
        find_distributions([folders])
    heap = PythonHeap()
    file = heap.text("/1/plugin.py").to_bytes(4, "little")
    heap.content += bytes(-len(heap.content) % 4) + file * 51_000
    with pytest.raises(ValueError, match="point"):
        find_functions([Region("m", (0, 0), BASE, bytes(heap.content))])


def test_scripts_are_told_from_other_texts():
    script = b"export function run(task) { const n = task.length; return n === 0 ? null : new Thing(n); }"
    prose = (
        b"function(code, globals) makes a function; see the documentation about what it returns in each case."
    )
    content = b"\0".join([b"\1", script, prose, script, b"\2"])
    assert [each.content for each in scripts([Region("m", (0, 0), 0, content)])] == [script]


def test_hosts_are_those_of_urls():
    text = Extract(
        "x", b"see https://API.Acme.example:8443/v1?u=1 or wss://a.b.example, not http://localhost ftp://c.d"
    )
    assert hosts_named([text, Extract("y", b"http://user:pw@drop.example/")]) == (
        "a.b.example",
        "api.acme.example",
        "drop.example",
    )


@pytest.mark.parametrize(
    ("purl", "read"),
    [
        ("pkg:pypi/Foo_Bar@1.0", ("PyPI", "foo-bar", "1.0")),
        ("pkg:npm/%40scope/name@2.0.0?x=1#y", ("npm", "@scope/name", "2.0.0")),
        ("pkg:golang/github.com/a/b@v1.2.3", ("Go", "github.com/a/b", "v1.2.3")),
        ("pkg:cargo/serde@1.0.0", ("crates.io", "serde", "1.0.0")),
        ("pkg:generic/x@1", None),
        ("pkg:pypi/x", None),
        ("pkg:pypi/a%00b@1.0", None),
        ("pkg:npm/x@1.0%00", None),
        ("pkg:npm/a%0Ab@1", None),
        ("nothing", None),
    ],
)
def test_package_urls(purl, read):
    assert read_purl(purl) == read


def test_what_an_sbom_claims_is_read_with_what_is_nested_in_it():
    sbom = {
        "components": [
            {"type": "file", "name": "plugin.wasm"},
            {
                "type": "library",
                "name": "q",
                "components": [{"type": "library", "name": "z", "version": "3"}],
            },
            {"type": "library", "name": "whatever", "purl": "pkg:pypi/Real@1"},
        ]
    }
    assert set(sbom_components(sbom)) == {
        Component("", "q", "", "sbom"),
        Component("", "z", "3", "sbom"),
        Component("PyPI", "real", "1", "sbom"),
    }


def test_scripts_say_what_they_are_in_the_comment_of_their_licence():
    banners = (
        b"/*! jQuery v3.4.1 | (c) */ /**\n * @license React v17.0.1\n */ /** version 1.2.3 */ /*! 1.0.0 */"
    )
    found = set(embedded_components([], [Extract("m", banners)]))
    assert found == {
        Component("npm", "jquery", "3.4.1", "embedded"),
        Component("npm", "react", "17.0.1", "embedded"),
    }
