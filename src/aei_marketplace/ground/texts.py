"""Texts of strangers on their way into mails, lists and terminals: printable, and no longer than fits."""

#: Control characters, line and paragraph separators, marks that reverse what is read (as in a file name
#: that shows another ending), and halves of characters that no encoding takes.
_UNSEEN = dict.fromkeys(
    (
        *range(0x20),
        *range(0x7F, 0xA0),
        *range(0x200E, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2066, 0x206A),
        *range(0xD800, 0xE000),
        0xFEFF,
    ),
    " ",
)
_UNSEEN_BUT_LINES = {code: text for code, text in _UNSEEN.items() if chr(code) not in "\n\t"}


def one_line(text: str, longest: int) -> str:
    """A text as one line of at most `longest` characters, the last of them `…` where more followed."""
    return _cut(" ".join(text.translate(_UNSEEN).split()), longest)


def plain_lines(text: str, longest: int) -> str:
    """A text with its line breaks and tabs, without what cannot be seen."""
    return _cut(text.replace("\r\n", "\n").translate(_UNSEEN_BUT_LINES), longest)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
