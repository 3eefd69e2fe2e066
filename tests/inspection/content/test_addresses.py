"""Hosts in texts: which they are, of what kind, and whether a manifest declares them."""

import pytest

from aei_inspection.content.addresses import (
    Address,
    Kind,
    bare_host,
    declared,
    domain_of,
    kin,
    kind_of,
    urls,
)
from aei_inspection.content.known_hosts import DROPS, is_among, is_reference


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("api.acme.example", Kind.NAME),
        ("203.0.113.7", Kind.ADDRESS),
        ("3405803783", Kind.ADDRESS),
        ("0xcb007107", Kind.ADDRESS),
        ("0313.0.0161.7", Kind.ADDRESS),
        ("203.7", Kind.ADDRESS),
        ("[2001:db8::1]", Kind.ADDRESS),
        ("127.1", Kind.LOCAL),
        ("2130706433", Kind.LOCAL),
        ("[::1]", Kind.LOCAL),
        ("localhost", Kind.LOCAL),
        (f"{'a' * 56}.onion", Kind.ONION),
        ("api.xn--cme-8cd.example", Kind.LOOKALIKE),
        ("аpi.acme.example", Kind.LOOKALIKE),
        ("{host}", None),
        ("%s", None),
        ("300.300.300.300", None),
        ("api", None),
    ],
)
def test_a_host_is_of_its_kind(host, kind):
    assert kind_of(host) is kind


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.acme.example/v1?q=1", "api.acme.example"),
        ("https://api.acme.example@evil.example/", "evil.example"),
        ("https://user:word@evil.example:8443/", "evil.example"),
        ("HTTPS://EVIL.EXAMPLE.", "evil.example"),
        ("see (https://evil.example/x), then", "evil.example"),
        ("wss://evil.example", "evil.example"),
        ("https://%s/x", None),
        (r"https?://[\w.]+/", None),
        ("myhttps://evil.example", None),
    ],
)
def test_the_host_of_an_address_is_the_one_that_would_be_asked(url, host):
    assert [address.host for _, address in urls(url)] == ([host] if host else [])


@pytest.mark.parametrize(
    ("text", "among_names", "host"),
    [
        ("collect.stranger.example", False, "collect.stranger.example"),
        ("collect.stranger.example:8443", False, "collect.stranger.example"),
        ("%s.stranger.example", False, "stranger.example"),
        ("os.path", False, None),
        ("plugin.py", False, None),
        ("site.link", True, None),
        ("ld.com", True, None),
        ("stranger.example and more", False, None),
    ],
)
def test_a_name_alone_is_a_host_where_its_ending_says_so(text, among_names, host):
    found = bare_host(text, among_names)
    assert (found.host if found else None) == host


@pytest.mark.parametrize(
    ("host", "port", "covered"),
    [
        ("api.acme.example", None, True),
        ("eu.data.acme.example", 8443, True),
        ("eu.data.acme.example", 9000, False),
        ("data.acme.example", None, False),
        ("api.acme.example.evil.example", None, False),
        ("evilapi.acme.example", None, False),
    ],
)
def test_a_manifest_covers_what_it_names(host, port, covered):
    hosts = ("api.acme.example", "*.data.acme.example:8443")
    assert declared(Address(host, Kind.NAME, port), hosts) is covered


def test_kin_is_who_shares_a_registered_name_and_never_a_place_that_everybody_has():
    assert kin("docs.acme.example", ["api.acme.example"])
    assert not kin("evil.example", ["api.acme.example", ""])
    assert not kin("evil.github.io", ["acme.github.io"])
    assert (domain_of("a.b.acme.co.uk"), domain_of("*.acme.example:8443")) == ("acme.co.uk", "acme.example")


@pytest.mark.parametrize(
    ("host", "path", "reference"),
    [
        ("docs.python.org", "/3/", True),
        ("evilpython.org", "/", False),
        ("github.com", "/acme/parts", True),
        ("github.com", "/acme/parts/raw/main/x.py", False),
        ("github.com", "/acme/parts/releases/download/v1/x", False),
        ("raw.githubusercontent.com", "/acme/x", False),
    ],
)
def test_a_reference_is_where_nobody_else_can_put_something(host, path, reference):
    assert is_reference(host, path) is reference


def test_a_service_is_known_below_its_name_and_not_beside_it():
    assert is_among("4f2a.ngrok-free.app", DROPS)
    assert not is_among("notwebhook.site.acme.example", DROPS)
