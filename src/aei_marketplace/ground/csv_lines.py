"""Lines of CSV (RFC 4180) that no spreadsheet takes for formulas."""

import csv
import io
from collections.abc import Iterable

#: For programs that take a file without it for another encoding.
BOM = "\ufeff".encode()
#: What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | None


def csv_line(cells: Iterable[Cell]) -> bytes:
    """One line with its end.

    Args:
        cells: texts that would begin a formula are prefixed with an apostrophe; numbers, negative ones too,
            stay as they are; None is an empty cell.
    """
    line = io.StringIO()
    csv.writer(line).writerow([_text(cell) for cell in cells])
    return line.getvalue().encode()


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, int):
        return str(cell)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
