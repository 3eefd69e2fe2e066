"""Bad by what they are made of: more than is permitted, hidden packages, a build that is not its source."""

from functools import partial

from aei_marketplace.bench.corpus.bad.parts import bad
from aei_marketplace.bench.corpus.heap import PythonHeap
from aei_marketplace.bench.corpus.making import package, python, python_text
from aei_protocol.interface import import_name

#: Imports `log` with a number for its level, and a function that `log` does not have.
_FOREIGN = """(component
  (import "%s" (instance (export "log" (func (param "level" u8))) (export "shell" (func (param "command" string)))))
  (core module $m (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (func (export "run") (param i32 i32) (result i32) i32.const 0))
  (core instance $i (instantiate $m))
  (func (export "run") (param "task" string) (result (result string (error string)))
    (canon lift (core func $i "run") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))"""


SAMPLES = (
    *bad("permissions", "overreach", overreach_by_name=partial(package, imports=("http.fetch",))),
    *bad(
        "permissions",
        "foreign_signature",
        overreach_by_signature=partial(package, component_wat=_FOREIGN % import_name("log")),
    ),
    *bad(
        "permissions",
        "wasi_import",
        files_of_the_machine=partial(package, component_wat=_FOREIGN % "wasi:filesystem/types@0.2.6"),
    ),
    *bad(
        "package",
        "unknown_entry",
        a_file_that_does_not_belong=partial(package, files={"run.sh": "#!/bin/sh\n"}),
    ),
    *bad(
        "sbom",
        "unlisted",
        vulnerable_package_hidden_from_the_SBOM=partial(
            package, python_text("requests-2.5.0.dist-info"), sbom=[("idna", "3.10")]
        ),
    ),
    *bad(
        "sbom",
        "other-version",
        SBOM_that_lies_about_a_version=partial(
            package, python_text("requests-2.5.0.dist-info"), sbom=[("requests", "2.33.0")]
        ),
    ),
    *bad(
        "source-match",
        "foreign-function",
        build_with_a_function_that_the_source_does_not_have=python(
            "def run(task):\n    return task\n",
            heap=PythonHeap().module("plugin", {"run": ("task",), "take": ("environ",)}),
        ),
    ),
    *bad(
        "source-match",
        "foreign-module",
        build_with_a_module_that_the_source_does_not_have=python(
            "def run(task):\n    return task\n",
            heap=PythonHeap().module("plugin", {"run": ("task",)}).module("taker", {"take": ("environ",)}),
        ),
    ),
    *bad(
        "embedded",
        "embedded-program",
        program_for_Linux_in_the_data=partial(
            package, b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\0\x3e\0\x01\0\0\0" + bytes(60)
        ),
    ),
)
