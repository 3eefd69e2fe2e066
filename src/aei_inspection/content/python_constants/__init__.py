"""Strings that a Python source makes of constants, computed without running it.

`"ex" + "fil.example"`, `"".join(["a", "b"])`, `"moc"[::-1]`, `chr(104)`, `bytes([104, 105]).decode()`,
`base64.b64decode("…")`: what the parts hide, the whole says.
"""

from aei_inspection.content.python_constants.folding import constant_of
from aei_inspection.content.python_constants.functions import MAX_TEXT
from aei_inspection.content.python_constants.source import Unreadable, parsed, single_assignments
from aei_inspection.content.python_constants.strings import Constant, constants

__all__ = [
    "MAX_TEXT",
    "Constant",
    "Unreadable",
    "constant_of",
    "constants",
    "parsed",
    "single_assignments",
]
