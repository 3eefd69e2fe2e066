"""Where a page may send its visitor afterwards."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.web.shell.returning import safe_path, with_return


@pytest.mark.parametrize("path", ["/", "/account", "/marketplace?q=a&kind=tool", "/decisions/1#top"])
def test_a_place_on_this_site_is_taken(path: str):
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "elsewhere",
    [
        None,
        "",
        "account",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "/account\r\nSet-Cookie: a=b",
        "/é",
        "/" + "a" * 3000,
        "//[evil",
    ],
)
def test_another_site_is_not(elsewhere: str | None):
    assert safe_path(elsewhere, "/account") == "/account"


@given(st.text(alphabet=st.sampled_from("/\\:.@?#[]ab\t\n\r %e"), max_size=12))
def test_whatever_is_wanted_the_visitor_stays_here(wanted: str):
    target = urlsplit(urljoin("https://here.example/page", safe_path(wanted).replace("\\", "/")))
    assert (target.scheme, target.netloc) == ("https", "here.example")


def test_the_login_page_remembers_where_to_go():
    assert with_return("/login", "/account?tab=1&x=2") == "/login?next=/account%3Ftab%3D1%26x%3D2"
    assert with_return("/login", "/") == "/login"
