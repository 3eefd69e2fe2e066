"""README and change log: Markdown of strangers as HTML that does nothing but read well.

CommonMark 0.31 with tables. HTML in the source stays text; what comes out is sanitised once more, so that a
mistake in one of the two is caught by the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from aei_marketplace.web.shell.formats import harmless

#: Of a longer text the beginning is shown: nobody reads more on a page, and a page has to arrive.
LONGEST_SHOWN = 40_000
_LOWEST_HEADING = 6
_KEPT_TEXTS = 128
_TAGS = {
    *("h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s"),
    *("ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td", "div"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "th": {"scope"}}
_SCHEMES = {"http", "https", "mailto"}
#: Around each table, which may be wider than its page: it scrolls by itself, by the keyboard too. No other
#: `div` comes out, for none of an author's HTML does.
_AROUND_TABLES = {"div": {"class": "scrolls", "tabindex": "0", "role": "group", "aria-label": "Table"}}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as HTML that may stand in a page.

    Attributes:
        cut: whether the text goes on beyond what is shown.
    """

    html: Markup
    cut: bool


@lru_cache(_KEPT_TEXTS)
def render_markdown(text: str, *, below: int, title: str = "") -> Rendered:
    """Render a text. Headings begin one level under `below` and never skip one.

    Images become their description: a page loads nothing from elsewhere. Links that lead nowhere from here
    (into the package, to other schemes) become text.

    Args:
        below: the level of the heading that the text stands under, 1 to 5.
        title: a first heading that says just this is left out, for the page has said it.
    """
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    cut = len(source) > LONGEST_SHOWN
    if cut:
        source = source[:LONGEST_SHOWN].rpartition("\n")[0] or source[:LONGEST_SHOWN]
    tokens = _without_empty(_without_title(_PARSER.parse(source), title))
    _shift_headings(tokens, below)
    dirty = _PARSER.renderer.render(tokens, _PARSER.options, {})
    clean = nh3.clean(
        dirty,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        url_relative="deny",
        link_rel="nofollow noopener noreferrer",
        set_tag_attribute_values=_AROUND_TABLES,
    )
    # Last, because an entity can spell a control that no look at the source would find.
    return Rendered(Markup(harmless(clean)), cut)  # noqa: S704 sanitised above


_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
_PARSER.add_render_rule("table_open", lambda *_: "<div><table>")
_PARSER.add_render_rule("table_close", lambda *_: "</table></div>")


def _without_title(tokens: list[Token], title: str) -> list[Token]:
    begins = [token.type for token in tokens[:3]] == ["heading_open", "inline", "heading_close"]
    if begins and title and tokens[1].content.strip().casefold() == title.strip().casefold():
        return tokens[3:]
    return tokens


def _shift_headings(tokens: Sequence[Token], below: int) -> None:
    """Keep the outline that the author meant, under this page's own."""
    outline: list[tuple[int, int]] = [(0, below)]
    for token in tokens:
        if token.type == "heading_open":
            declared = int(token.tag[1:])
            while len(outline) > 1 and outline[-1][0] >= declared:
                outline.pop()
            outline.append((declared, min(outline[-1][1] + 1, _LOWEST_HEADING)))
            token.tag = f"h{outline[-1][1]}"
        elif token.type == "heading_close":
            token.tag = f"h{outline[-1][1]}"


def _without_empty(tokens: Sequence[Token]) -> list[Token]:
    """Leave out what is announced and says nothing: headings and links without words, column heads too."""
    kept: list[Token] = []
    for token in tokens:
        if token.children:
            token.children = _worded_links([_described(child) for child in token.children])
        closes = kept[-2] if len(kept) > 1 and kept[-1].type == "inline" and not kept[-1].content else None
        if token.type == "heading_close" and closes is not None:
            del kept[-2:]
            continue
        if token.type == "th_close" and closes is not None:
            closes.tag = token.tag = "td"
        kept.append(token)
    return kept


def _worded_links(children: Sequence[Token]) -> list[Token]:
    kept: list[Token] = []
    for child in children:
        if child.type == "link_close" and kept and kept[-1].type == "link_open":
            kept.pop()
        else:
            kept.append(child)
    return kept


def _described(token: Token) -> Token:
    """A picture's description in its place."""
    if token.type != "image":
        return token
    described = Token("text", "", 0)
    described.content = f"[{token.content or 'picture'}]"
    return described
