"""Finding the links of a text in the order in which they stand."""

import re
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

#: Which attribute of which element is a link that a page needs.
HTML_LINKS = {
    "a": "href",
    "area": "href",
    "link": "href",
    "img": "src",
    "script": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
}

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_MARKDOWN = re.compile(
    r"\]\(\s*(?:<(?P<angled>[^<>\n]+)>|(?P<inline>[^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*))(?:\s+[\"'(][^\n]*?[\"')])?\s*\)"
    r"|^ {0,3}\[[^\]\n]+\]:\s*<?(?P<reference>[^\s<>]+)>?"
    r"|<(?P<auto>https?://[^\s<>]+)>"
    r"|(?P<bare>https?://[^\s<>\[\]`\"']+)",
    re.MULTILINE,
)
_BARE = re.compile(r"https?://[^\s<>\"'`]+")
_TAG = re.compile(r"<(?:!doctype|html|body|head|a\s|p[\s>]|div|img\s)", re.IGNORECASE)


def find_links(text: str, kind: str | None = None) -> list[str]:
    """The links of a `markdown`, `html` or `text` document; the kind is guessed when None."""
    kind = kind or ("html" if _TAG.search(text) else "markdown")
    if kind == "html":
        return html_links(text)
    return markdown_links(text) if kind == "markdown" else [trimmed(url) for url in _BARE.findall(text)]


def markdown_links(text: str) -> list[str]:
    """Inline links, images, reference definitions, autolinks and bare addresses, but nothing inside code."""
    prose = _CODE_SPAN.sub(" ", _FENCE.sub("\n", text))
    found = []
    for match in _MARKDOWN.finditer(prose):
        url = match.group(match.lastgroup)
        found.append(trimmed(url) if match.lastgroup == "bare" else url)
    return [url for url in found if url and not url.startswith("#")]


def html_links(text: str) -> list[str]:
    """What the document's elements point to."""
    reader = _LinkReader()
    reader.feed(text)
    reader.close()
    return [url for url in reader.found if not url.startswith("#")]


def trimmed(url: str) -> str:
    """A bare address without the punctuation of the sentence around it."""
    while url and (url[-1] in ".,;:!?*_" or (url[-1] == ")" and url.count("(") < url.count(")"))):
        url = url[:-1]
    return url


def absolute(url: str, base: str | None) -> str:
    """The address to ask for: resolved against the base, without its fragment."""
    return urldefrag(urljoin(base, url) if base else url).url


class _LinkReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [v.strip() for name, v in attrs if name == HTML_LINKS.get(tag) and v and v.strip()]
