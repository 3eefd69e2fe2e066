"""Where a page sends its visitor afterwards: only ever to a place on this site."""

from urllib.parse import quote, urlsplit

START = "/"
LONGEST = 2000


def safe_path(wanted: str | None, otherwise: str = START) -> str:
    """A path on this site, or `otherwise` when the wanted one leads anywhere else.

    Browsers read `\\` as `/`, drop tabs and line breaks, and take `//host` for another site; none of them
    passes, whatever follows.
    """
    if wanted is None or not 1 <= len(wanted) <= LONGEST or not wanted.isascii() or not wanted.isprintable():
        return otherwise
    if not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted or " " in wanted:
        return otherwise
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc else wanted


def with_return(page: str, path: str) -> str:
    """A page's address that remembers where to go afterwards: `/login?next=/account`."""
    return page if path == START else f"{page}?next={quote(path, safe='/')}"
