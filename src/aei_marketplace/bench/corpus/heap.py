"""The heap of a Python interpreter as it lies in a component's memory."""

from collections.abc import Sequence

#: Where it begins.
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


def _word(value: int) -> bytes:
    return value.to_bytes(4, "little")
