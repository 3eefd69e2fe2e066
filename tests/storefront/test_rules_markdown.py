"""Markdown of strangers: it reads well and does nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.storefront.rules.markdown import LONGEST_SHOWN, render_markdown

TAG = re.compile(r"<\s*/?\s*([a-zA-Z0-9]+)([^>]*)>")
ALLOWED = {
    *("h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s"),
    *("ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTE = re.compile(r'[^\s"]+="[^"]*"|[^\s"]+')
#: What our own `div` around a table carries, and nothing else.
AROUND_TABLES = {'tabindex="0"', 'role="group"', 'aria-label="Table"', 'class="scrolls"'}
HOSTILE = (
    "<div onclick=alert(1) class=x>\n\n| a |\n|-|\n| b |\n\n</div>",
    "<script>alert(1)</script>",
    '<img src="x" onerror="alert(1)">',
    "<svg onload=alert(1)>",
    "<iframe src=//elsewhere.example>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java&#x0a;script:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](vbscript:x)",
    "<javascript:alert(1)>",
    '[a](https://acme.example/"onmouseover="alert(1))',
    "![a](https://elsewhere.example/pixel.png)",
    "![a](javascript:alert(1))",
    "[![a](x)](javascript:alert(1))",
    "```<script>\nalert(1)\n```",
    '`<script>`" onclick="x',
    "| <script> |\n|-|\n| <img src=x onerror=y> |",
    "[a]: javascript:alert(1)\n\n[a]",
    "<style>body{display:none}</style>",
    "<!-- <script> -->",
    "<a href='https://x' style='position:fixed'>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)


def html(text: str, below: int = 1, title: str = "") -> str:
    return str(render_markdown(text, below=below, title=title).html)


def assert_harmless(rendered: str) -> None:
    for tag, attributes in TAG.findall(rendered):
        if tag == "div":
            assert set(ATTRIBUTE.findall(attributes)) in (set(), AROUND_TABLES)
            continue
        assert tag in ALLOWED
        assert not re.search(r"(^|\s)(on\w+|style|class|id|src)\s*=", re.sub(r'"[^"]*"', '""', attributes))
        for address in re.findall(r'href="([^"]*)"', attributes):
            assert address.startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_gets_through(text: str):
    assert_harmless(html(text))


@given(
    st.lists(
        st.sampled_from([*HOSTILE, "\n", " ", "*", "`", "[", "](", ")", "|", "<", ">", '"', "#"]), max_size=12
    )
)
def test_nothing_hostile_comes_of_mixing_it(parts: list[str]):
    assert_harmless(html("".join(parts)))


@given(
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["Head", "", "*x*"])), max_size=12),
    st.integers(1, 3),
)
def test_headings_stay_below_the_page_and_skip_no_level(heads: list[tuple[int, str]], below: int):
    rendered = html("\n\n".join(f"{'#' * level} {words}" for level, words in heads), below)
    last = below
    for level in map(int, re.findall(r"<h([1-6])>", rendered)):
        assert below < level <= last + 1
        last = level
    assert "<h1" not in rendered
    assert not re.search(r"<h\d>\s*</h\d>", rendered)


def test_links_to_elsewhere_give_nothing_away_and_lead_nowhere_by_surprise():
    assert 'rel="nofollow noopener noreferrer"' in html("[a](https://acme.example/)")
    assert "href" not in html("[a](docs/a.md) [b](#part) [c](//elsewhere.example) [d](/logout)")


def test_a_picture_becomes_its_description():
    assert html("![A cat](https://elsewhere.example/cat.png)") == "<p>[A cat]</p>\n"
    assert html("![](cat.png)") == "<p>[picture]</p>\n"


@pytest.mark.parametrize(
    "steering", ["\N{RIGHT-TO-LEFT OVERRIDE}", "&#x202E;", "\x1b[31m", "&#27;", "\x07", "&#x2066;"]
)
def test_what_steers_a_terminal_or_the_direction_of_writing_is_replaced(steering: str):
    rendered = html(f"a {steering}gnp.exe\r\nb\rc")
    assert not {c for c in rendered if ord(c) < 32 and c != "\n"}
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", rendered)
    assert "gnp.exe\nb\nc" in rendered


def test_what_the_page_has_said_is_not_said_again():
    assert html("# Link Checker\n\nFinds links.", title="Link checker") == "<p>Finds links.</p>\n"
    assert "<h2>Other</h2>" in html("# Other\n\nx", title="Link checker")


def test_links_and_column_heads_without_words_are_left_out():
    assert "<a" not in html("[](https://acme.example/)")
    assert "<th></th>" not in html("| | B |\n|-|-|\n| 1 | 2 |")


def test_a_text_that_goes_on_for_ever_is_cut_at_a_line():
    rendered = render_markdown("word\n\n" * 2_000_000, below=1)
    assert rendered.cut
    assert len(rendered.html) < 4 * LONGEST_SHOWN
    assert str(rendered.html).endswith("<p>word</p>\n")
    assert not render_markdown("short", below=1).cut


@pytest.mark.parametrize("piece", ["[", "![", "[a](", "*a_ ", "`", "<", "> ", "- ", "|a", "&#"])
def test_what_is_slow_to_read_is_read_all_the_same(piece: str):
    assert_harmless(html(piece * LONGEST_SHOWN))


def test_a_table_scrolls_by_itself_instead_of_breaking_its_words():
    rendered = html("| Key |\n|-----|\n| `max_links` |\n")
    assert re.search(r"<div [^>]*>\s*<table>.*</table>\s*</div>", rendered, re.DOTALL)
    assert "<code>max_links</code>" in rendered
