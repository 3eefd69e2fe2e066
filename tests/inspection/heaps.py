"""Components whose memory a test decides, and the heap of a Python interpreter as it lies there."""

from collections.abc import Sequence

from aei_protocol.interface import import_name
from tests.packages import INTERFACES, make_component

BASE = 65_536


class PythonHeap:
    """Strings, tuples and code objects of CPython 3.14 on 32 bits, laid out from `BASE` on."""

    def __init__(self) -> None:
        self.content = bytearray(16)

    def text(self, text: str) -> int:
        """A string object of ASCII; its address."""
        head = bytes(8) + _word(len(text)) + bytes(4) + _word(0x65)
        return self._put(head + text.encode("ascii") + b"\0")

    def code(self, file: int, qualified: str, names: Sequence[str], line: int = 1) -> None:
        """A code object of the file whose name lies at `file`."""
        named = self._put(
            bytes(8) + _word(len(names)) + bytes(4) + b"".join(_word(self.text(n)) for n in names)
        )
        own, whole = self.text(qualified.rpartition(".")[2]), self.text(qualified)
        head = bytearray(80)
        head[16:20], head[44:48] = _word(named), _word(line)
        self._put(bytes(head) + _word(file) + _word(own) + _word(whole) + bytes(16))

    def module(self, path: str, functions: dict[str, Sequence[str]], folder: str = "1") -> "PythonHeap":
        """A loaded module with its functions, each with the names that it uses."""
        file = self.text(f"/{folder}/{path}.py")
        for line, (name, names) in enumerate(functions.items(), 1):
            self.code(file, name, names, line)
        return self

    def folder_listing(self, *names: str) -> "PythonHeap":
        """What the import system remembers of a folder."""
        for name in names:
            self.text(name)
        return self

    def _put(self, content: bytes) -> int:
        self.content += bytes(-len(self.content) % 4)
        address = BASE + len(self.content)
        self.content += content
        return address


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


def _word(value: int) -> bytes:
    return value.to_bytes(4, "little")
