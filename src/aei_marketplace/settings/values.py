"""Reading one value of each setting, from a text or from TOML; what cannot be used is a ValueError."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aei_protocol.limits import ALLOWANCE_NAMES, LIMIT_NAMES

_LIMITS = (*LIMIT_NAMES, *ALLOWANCE_NAMES)
_MAILBOX = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
)
_SERVER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}:[0-9]{1,5}|\[[0-9a-f:]+\]:[0-9]{1,5}")
_EGRESS_HOST = re.compile(r"[^\s:=]+:\d{1,5}=[^\s=]+:\d{1,5}")


def _path(value: object) -> Path:
    text = str(value).strip()
    if not isinstance(value, str | Path) or not text:
        raise ValueError("must be a path.")
    return Path(text).expanduser().absolute()


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty.")
    return value.strip()


def _url(schemes: tuple[str, ...]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = _text(value)
        if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
        return text.rstrip("/") if schemes[0].startswith("http") else text

    return parse


def _whole(least: int, most: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        text = str(value)
        if (
            isinstance(value, bool)
            or not text.isascii()
            or not text.isdigit()
            or not least <= int(text) <= most
        ):
            raise ValueError(f"must be a whole number from {least} to {most}, not {value!r}.")
        return int(text)

    return parse


def _truth(value: object) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    try:
        return words[str(value).lower()]
    except KeyError:
        raise ValueError(f"must be true or false, not {value!r}.") from None


def _one_of(*words: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in words:
            known = ", ".join(f"`{word}`" for word in words[:-1])
            raise ValueError(f"must be {known} or `{words[-1]}`, not {value!r}.")
        return str(value)

    return parse


def _mailbox(value: object) -> str:
    text = _text(value)
    if not _MAILBOX.fullmatch(text):
        raise ValueError(f"must be a bare address such as marketplace@example.org, not {value!r}.")
    return text


def _server(value: object) -> str:
    text = _text(value)
    if not _SERVER.fullmatch(text) or not 0 < int(text.rpartition(":")[2]) < 65536:
        raise ValueError(f"must be HOST:PORT, not {value!r}.")
    return text


def _hosts(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError("must be a list of NAME:PORT=ADDRESS:PORT.")
    hosts = tuple(item.strip() for item in items if item.strip())
    for host in hosts:
        if not _EGRESS_HOST.fullmatch(host):
            raise ValueError(f"holds {host!r}; write NAME:PORT=ADDRESS:PORT.")
    return hosts


def _issuers(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError("must be a list of URLs.")
    issuers = tuple(item.strip() for item in items if item.strip())
    for issuer in issuers:
        if not re.fullmatch(r"https?://[^\s?#@]+", issuer):
            raise ValueError(f"holds {issuer!r}; write an issuer's URL such as https://gitlab.com.")
    return issuers


def _limits(value: object) -> dict[str, int]:
    """A TOML table, or `name=number,…` in a variable."""
    pairs = (
        [item.partition("=")[::2] for item in value.split(",") if item] if isinstance(value, str) else None
    )
    table = dict(pairs) if pairs is not None else value
    if not isinstance(table, dict):
        raise ValueError("must be a table such as [limits] with cpu_ms = 60000.")
    for name in table:
        if name.strip() not in _LIMITS:
            raise ValueError(f"holds {name!r}; there are {', '.join(_LIMITS)}.")
    return {name.strip(): _whole(1, 2**40)(number) for name, number in table.items()}


def _version(value: object) -> str:
    parts = _text(value).split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"must be a version such as 2.3.1, not {value!r}.")
    return ".".join(parts)


#: How each setting is read.
PARSERS: dict[str, Callable[[object], Any]] = {
    "data": _path,
    "runtime": _path,
    "host": _text,
    "port": _whole(0, 65535),
    "database_url": _url(("postgresql", "postgres")),
    "seed": _one_of("demo", "none"),
    "development_without_walls": _truth,
    "egress_hosts": _hosts,
    "max_workers": _whole(1, 1024),
    "aei_version": _version,
    "master_key_file": _path,
    "checkpoints_folder": _path,
    "audit_collector": _url(("file", "http", "https", "syslog+udp", "syslog+tcp", "syslog+tls")),
    "audit_collector_secret_file": _path,
    "audit_collector_ca_file": _path,
    "public_url": _url(("http", "https")),
    "trusted_issuers": _issuers,
    "publisher_storage_mib": _whole(1, 2**30),
    "publisher_releases": _whole(1, 2**40),
    "publisher_releases_per_hour": _whole(1, 2**40),
    "session_idle_minutes": _whole(1, 7 * 24 * 60),
    "session_hours": _whole(1, 30 * 24),
    "proof_minutes": _whole(1, 24 * 60),
    "limits": _limits,
    "publish_scan": _truth,
    "price_notice_days": _whole(0, 365),
    "mail_from": _mailbox,
    "smtp_server": _server,
    "smtp_tls": _one_of("starttls", "tls", "none"),
    "smtp_user": _text,
    "smtp_password_file": _path,
    "smtp_ca_file": _path,
    "webhook_hosts": _hosts,
    "billing_provider": _one_of("manual", "stripe"),
    "stripe_key_file": _path,
    "stripe_webhook_secret_file": _path,
    "stripe_url": _url(("http", "https")),
}
