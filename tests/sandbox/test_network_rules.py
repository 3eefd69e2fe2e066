"""What a guest may reach: URLs, addresses, requests and redirects, judged as values."""

import gzip
import ipaddress
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_protocol.addresses import is_public, read_internal_hosts
from aei_sandbox.broker.exchange import (
    LARGEST_BODY,
    BadRequest,
    Body,
    Request,
    TooLarge,
    Undecodable,
    read_request,
    response_text,
)
from aei_sandbox.broker.fetch import redirected
from aei_sandbox.broker.target import BadUrl, NotGranted, Target, admitted_target

GRANTED = ("api.example.com", "*.wild.example", "web.example.com:80", "odd.example.com:8443")

#: Spellings of addresses that are not public, and tricks with names and authorities.
REFUSED_URLS = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.0.0.1./",
    "https://0/",
    "https://0.0.0.0/",
    "https://localhost/",
    "https://localhost./",
    "https://LOCALHOST/",
    "https://api.localhost/",
    "https://169.254.169.254/latest/meta-data",
    "https://169.254.43518/",
    "https://0xa9fea9fe/",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://172.16.0.1/",
    "https://100.64.0.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[::127.0.0.1]/",
    "https://api.example.com@127.0.0.1/",
    "https://127.0.0.1#@api.example.com/",
    "https://user:pw@api.example.com/",
    "https://api.example.com:80/",
    "https://api.example.com:0/",
    "https://api.example.com:65536/",
    "https://api.example.com./",
    "https://api.example.com%00.evil.example/",
    "https://api%2eexample.com/",
    "https://evil.example/api.example.com",
    "https://api.example.com.evil.example/",
    "https://wild.example/",
    "https://a.b.wild.example/",
    "https://1.0x7f/",
    "https://xn--/",
    "https:///api.example.com/",
    "https:api.example.com/",
    "http://api.example.com/",
    "http://api.example.com:443/",
    "ftp://api.example.com/",
    "file:///etc/passwd",
    "gopher://api.example.com/",
    "https://api.example.com\\@evil.example/",
    "https://metadata.google.internal/",
    "https://[api.example.com]/",
    "https://api_example.com/",
]

NO_URLS = [
    "",
    "api.example.com",
    "//api.example.com/",
    "https://api.example.com/\r\nHost: evil",
    "https://ａpi.example.com/",
    "https://api.example.com/ x",
    "https://api。example.com/",
    "https://api.example.com/" + "x" * 9000,
    "\x00",
]


def test_there_are_spellings_enough() -> None:
    assert len(REFUSED_URLS) >= 39


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_url_that_leads_elsewhere_is_not_granted(url: str) -> None:
    with pytest.raises(NotGranted) as refusal:
        admitted_target(url, GRANTED)
    assert "pw" not in refusal.value.host
    assert "/" not in refusal.value.host


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_url_is_invalid(url: str) -> None:
    with pytest.raises(BadUrl):
        admitted_target(url, GRANTED)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://api.example.com", Target("https", "api.example.com", 443, "/")),
        ("HTTPS://API.Example.COM:443/A?b=%20#c", Target("https", "api.example.com", 443, "/A?b=%20")),
        ("https://api.example.com?q=@x", Target("https", "api.example.com", 443, "/?q=@x")),
        ("https://one.wild.example/", Target("https", "one.wild.example", 443, "/")),
        ("http://web.example.com/", Target("http", "web.example.com", 80, "/")),
        ("https://odd.example.com:8443/x", Target("https", "odd.example.com", 8443, "/x")),
        ("http://odd.example.com:8443/x", Target("http", "odd.example.com", 8443, "/x")),
    ],
)
def test_a_granted_host_is_reached_as_written(url: str, target: Target) -> None:
    assert admitted_target(url, GRANTED) == target


@given(st.text())
def test_no_text_reaches_a_host_that_is_not_granted(text: str) -> None:
    for url in (text, f"https://{text}", f"https://api.example.com{text}"):
        try:
            target = admitted_target(url, GRANTED)
        except (BadUrl, NotGranted):
            continue
        assert (target.name, target.port) in {("api.example.com", 443)} or target.name.endswith(
            ".wild.example"
        )


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2001:20::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "4000::1",
    ],
)
def test_a_special_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700::1111", "2a00:1450::8a"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_what_is_public_here_is_global_for_everybody(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(str(address)):
        assert address.is_global


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"url": 1}',
        '{"url": "https://a.example/", "proxy": "x"}',
        "[" * 100_000,
        '{"url": "x", "method": "CONNECT"}',
        '{"url": "x", "method": "TRACE"}',
        '{"url": "x", "method": "G\\r\\n"}',
        '{"url": "x", "headers": {"Host": "a"}}',
        '{"url": "x", "headers": {"connection": "close"}}',
        '{"url": "x", "headers": {"Transfer-Encoding": "chunked"}}',
        '{"url": "x", "headers": {"Content-Length": "1"}}',
        '{"url": "x", "headers": {"a": "b\\r\\nc: d"}}',
        '{"url": "x", "headers": {"a\\n": "b"}}',
        '{"url": "x", "headers": {"a:": "b"}}',
        '{"url": "x", "headers": {"": "b"}}',
        '{"url": "x", "headers": {"a": "\\u0000"}}',
        '{"url": "x", "headers": {"a": "\\u20ac"}}',
        json.dumps({"url": "x", "headers": {f"h{n}": "" for n in range(65)}}),
        json.dumps({"url": "x", "headers": {"h": "x" * 70_000}}),
    ],
)
def test_a_request_with_anything_unsafe_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        read_request(text)


def test_a_request_is_read_with_its_defaults() -> None:
    assert read_request('{"url": "https://a.example/"}') == Request(url="https://a.example/")
    full = read_request('{"url": "u", "method": "post", "headers": {"X-Key": "v"}, "body": "b"}')
    assert (full.method, full.headers, full.body) == ("POST", {"X-Key": "v"}, "b")


BEFORE = Target("https", "a.example", 443, "/")


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (307, "POST", "POST"),
        (308, "PUT", "PUT"),
        (301, "GET", "GET"),
        (302, "DELETE", "DELETE"),
    ],
)
def test_a_redirect_keeps_or_changes_the_method_as_http_says(status: int, method: str, then: str) -> None:
    request = redirected(Request(url="x", method=method, body="b"), status, BEFORE, BEFORE)
    assert (request.method, request.body) == (then, "b" if then == method else None)


@pytest.mark.parametrize(
    "after",
    [
        Target("https", "b.example", 443, "/"),
        Target("http", "a.example", 80, "/"),
        Target("https", "a.example", 8443, "/"),
    ],
)
def test_credentials_do_not_follow_to_another_origin(after: Target) -> None:
    request = Request(url="x", headers={"Authorization": "secret", "COOKIE": "secret", "Accept": "*/*"})
    assert redirected(request, 302, BEFORE, after).headers == {"Accept": "*/*"}
    assert redirected(request, 302, BEFORE, BEFORE).headers == request.headers


def test_a_body_is_never_inflated_beyond_the_limit() -> None:
    bomb = gzip.compress(bytes(200 * 1024 * 1024))
    body = Body("gzip")
    with pytest.raises(TooLarge):
        for start in range(0, len(bomb), 1000):
            body.add(bomb[start : start + 1000])


def test_compressed_bodies_are_read_and_unknown_compressions_are_not() -> None:
    for encoding, content in (
        ("gzip", gzip.compress(b"text", mtime=0)),
        ("deflate", zlib.compress(b"text")),
        ("", b"text"),
    ):
        body = Body(encoding)
        body.add(content)
        assert body.content() == b"text"
    with pytest.raises(Undecodable):
        Body("br")
    with pytest.raises(Undecodable):
        Body("gzip").add(b"no gzip at all")


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    body = Body("")
    body.add(bytes(LARGEST_BODY))
    with pytest.raises(TooLarge):
        body.add(b"x")


def test_headers_of_one_name_are_joined_and_codecs_are_chosen_from_few() -> None:
    headers = [("A", "1"), ("a", "2"), ("Content-Type", 'text/plain; charset="punycode"')]
    read = json.loads(response_text(200, headers, "é".encode(), "https://a.example/"))
    assert read["headers"]["a"] == "1, 2"
    assert read["body"] == "é"
    latin = [("Content-Type", "text/plain; charset=ISO-8859-1")]
    assert json.loads(response_text(200, latin, b"\xe9", "u"))["body"] == "é"
    with pytest.raises(TooLarge):
        response_text(200, [("a", "x" * 70_000)], b"", "u")


@pytest.mark.parametrize(
    ("text", "mapped"),
    [
        ("a.example:80=127.0.0.1:99", {"a.example:80": ("127.0.0.1", 99)}),
        ("A.example:443=[::1]:99", {"a.example:443": ("::1", 99)}),
    ],
)
def test_the_operators_map_is_read(text: str, mapped: dict[str, tuple[str, int]]) -> None:
    assert read_internal_hosts([text]) == mapped


@pytest.mark.parametrize(
    "text", ["", "a.example=127.0.0.1:1", "a.example:80=127.0.0.1", "a.example:80=host:1"]
)
def test_a_misspelled_map_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected NAME:PORT"):
        read_internal_hosts([text])
