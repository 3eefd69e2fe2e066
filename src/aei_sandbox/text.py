"""A guest's words made safe to store and show: one line, no control characters, a bounded length."""

_ELLIPSIS = "…"


def escaped(text: str, longest: int) -> str:
    """Escape control, separator and unpaired characters, and cut to `longest` characters.

    A backslash is doubled, so that an escape can be told from a guest's own spelling of one.
    """
    if len(text) <= longest and text.isprintable() and "\\" not in text:
        return text
    safe = "".join(map(_escape, text[:longest]))
    return safe if len(safe) <= longest and len(text) <= longest else safe[: longest - 1] + _ELLIPSIS


def _escape(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable() or character == " ":
        return character
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
