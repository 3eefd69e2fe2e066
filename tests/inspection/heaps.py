"""Components whose memory a test decides."""

from aei_marketplace.bench.corpus.heap import BASE, PythonHeap
from aei_protocol.interface import import_name
from tests.packages import INTERFACES, make_component


def component_with(
    memory: bytes | PythonHeap, imports: tuple[str, ...] = (), segments: str = "", at: int = BASE
) -> bytes:
    """A valid component that holds these bytes in its memory.

    Args:
        imports: interfaces that it imports.
        segments: further data segments, as WAT.
    """
    content = bytes(memory.content) if isinstance(memory, PythonHeap) else memory
    pages = (at + len(content)) // 65_536 + 1
    imported = "".join(f'(import "{import_name(i)}" (instance {INTERFACES[i]}))' for i in imports)
    return make_component(f"""(component
      {imported}
      (core module $m
        (memory (export "memory") {pages})
        (global $g i32 (i32.const 8))
        (data (i32.const {at}) "{escaped(content)}")
        {segments}
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
        (func (export "run") (param i32 i32) (result i32) i32.const 0))
      (core instance $i (instantiate $m))
      (func $run (param "task" string) (result (result string (error string)))
        (canon lift (core func $i "run") (memory (core memory $i "memory"))
          (realloc (core func $i "realloc"))))
      (export "run" (func $run)))""")


def escaped(content: bytes) -> str:
    """Bytes as WAT writes them."""
    return "".join(f"\\{byte:02x}" for byte in content)
