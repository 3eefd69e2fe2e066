"""Addresses of other people's services, as they are written down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.urls import UrlUnfit, read_service_url
from aei_protocol.addresses import HOST_NAME


def nobody(_name: str, _port: int) -> bool:
    return False


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://hooks.example", "https://hooks.example"),
        ("HTTPS://Hooks.Example:443/A/b/", "https://hooks.example/A/b"),
        ("https://hooks.example:8443/a?B=c%20d", "https://hooks.example:8443/a?B=c%20d"),
        ("https://hooks.example?Token=X", "https://hooks.example?Token=X"),
    ],
)
def test_a_url_is_kept_in_one_spelling_and_stays_as_it_is_then(text: str, kept: str) -> None:
    assert read_service_url(text, nobody, "AEI_X", query=True) == kept
    assert read_service_url(kept, nobody, "AEI_X", query=True) == kept


def test_a_query_is_taken_only_where_one_is_wanted() -> None:
    with pytest.raises(UrlUnfit):
        read_service_url("https://hooks.example/a?b=c", nobody, "AEI_X")


def test_plain_http_names_the_setting_that_would_allow_it() -> None:
    with pytest.raises(UrlUnfit, match="AEI_X"):
        read_service_url("http://hooks.example/a", nobody, "AEI_X")
    assert read_service_url("http://hooks.example/a", lambda *_: True, "AEI_X") == "http://hooks.example/a"


@given(st.text(st.sampled_from("htps:/.@?#[]%\\\r\n\t 0x17a-é"), max_size=60) | st.text(max_size=60))
def test_whatever_is_written_what_is_kept_names_a_host_and_no_user(rest: str) -> None:
    try:
        kept = read_service_url("https://" + rest, nobody, "AEI_X", query=True)
    except UrlUnfit:
        return
    host = kept.removeprefix("https://").partition("/")[0].partition("?")[0].partition(":")[0]
    assert HOST_NAME.fullmatch(host)
    assert kept.isascii()
    assert kept.isprintable()
    assert not set("@#[]\\ ") & set(kept)
