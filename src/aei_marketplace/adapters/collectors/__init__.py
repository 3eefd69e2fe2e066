"""Collectors of security teams: a file, an HTTP address, syslog.

The address is the operator's own choice, so that private ones are allowed here.
"""

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from aei_marketplace.adapters.collectors.files import FileCollector
from aei_marketplace.adapters.collectors.http import HttpCollector
from aei_marketplace.adapters.collectors.syslog import SyslogCollector
from aei_marketplace.ground.collecting import Collector


def open_collector(url: str, secret: bytes | None = None, ca_file: Path | None = None) -> Collector:
    """The collector at an address.

    Args:
        url: `file:///path`, `http://…`, `https://…`, `syslog+udp://host:port`, `syslog+tcp://host:port` or
            `syslog+tls://host:port`.
        secret: signs what is sent by HTTP.
        ca_file: certificates that vouch for the collector; None for the system's.

    Raises:
        ValueError: the address is none of these.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return FileCollector(Path(parts.path))
    if parts.scheme in ("http", "https") and parts.hostname:
        return HttpCollector(url, secret, _tls(ca_file) if parts.scheme == "https" else None)
    transport = parts.scheme.removeprefix("syslog+")
    if transport in ("udp", "tcp", "tls") and transport != parts.scheme and parts.hostname:
        tls = _tls(ca_file) if transport == "tls" else None
        return SyslogCollector(parts.hostname, parts.port or (6514 if tls else 514), transport == "udp", tls)
    raise ValueError(f"{parts.scheme}: is not an address of a collector")


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
