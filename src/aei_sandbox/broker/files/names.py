"""What a guest may call a file. Values in, value out.

Names are keys of a database and never paths of the host; they are strict so that two of them that
look alike are the same, and so that an operator can show and export them.
"""

import unicodedata

SCRATCH, PERSISTENT = "scratch", "persistent"
AREAS = (SCRATCH, PERSISTENT)

LONGEST_NAME, LONGEST_PART = 512, 255
MOST_PARTS = 16


class BadPath(ValueError):
    """The text is no path of a file."""


def split_area(path: str) -> tuple[str, str]:
    """A path's first part, whatever it is, and the rest."""
    area, _, rest = path.partition("/")
    return area, rest


def checked_name(name: str) -> str:
    """A file's name within its area.

    Parts are separated by `/`. Refused are empty parts, `.` and `..`, backslashes, everything that
    is not printable (control and formatting characters, unassigned ones), and what is not in Unicode
    Normalization Form C (UAX #15).

    Raises:
        BadPath: it is none.
    """
    size = len(name.encode())
    if size > LONGEST_NAME:
        raise BadPath(f"a name has at most {LONGEST_NAME} bytes")
    if "\\" in name or not name.isprintable():
        raise BadPath("a name has printable characters and no backslash")
    if not unicodedata.is_normalized("NFC", name):
        raise BadPath("a name is in Unicode's normal form C")
    parts = name.split("/")
    if len(parts) > MOST_PARTS:
        raise BadPath(f"a name has at most {MOST_PARTS} parts")
    if any(part in ("", ".", "..") or len(part.encode()) > LONGEST_PART for part in parts):
        raise BadPath(f"a part of a name is not empty, not . or .., and has at most {LONGEST_PART} bytes")
    return name


def checked_folder(name: str) -> str:
    """The beginning that the names of a folder's files share: empty for the whole area, else `…/`.

    Raises:
        BadPath: it is no name of a folder.
    """
    folder = name.removesuffix("/")
    return f"{checked_name(folder)}/" if name else ""
