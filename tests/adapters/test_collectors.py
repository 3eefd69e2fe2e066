"""Collectors against real servers on loopback: ones that take in, fail, answer slowly, go away."""

import asyncio
import hashlib
import hmac
import json
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from aei_marketplace.adapters.collectors import open_collector
from aei_marketplace.adapters.collectors.http import HttpCollector
from aei_marketplace.adapters.collectors.syslog import SyslogCollector, message
from aei_marketplace.ground.collecting import CollectorFailed, Delivery

AT = datetime(2026, 11, 22, 17, 45, 41, 123456, UTC)


def entry(number: int, outcome: str = "ok") -> Delivery:
    return Delivery(number, AT, "plugin.publish", outcome, json.dumps({"sequence": number}).encode())


@asynccontextmanager
async def http_server(answer: Callable) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/logs", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/logs"
    finally:
        await runner.cleanup()


async def test_a_batch_is_posted_signed_and_acknowledged_by_a_2xx():
    seen = []

    async def take(request: web.Request) -> web.Response:
        seen.append((await request.read(), request.headers))
        return web.Response(status=202)

    async with http_server(take) as url:
        await open_collector(url, b"shared").send([entry(1), entry(2)])
    body, headers = seen[0]
    assert json.loads(body) == {"entries": [{"sequence": 1}, {"sequence": 2}]}
    fields = dict(item.split("=", 1) for item in headers["AEI-Signature"].split(","))
    expected = hmac.new(b"shared", f"{fields['t']}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(fields["v1"], expected)


@pytest.mark.parametrize("status", [302, 400, 401, 429, 500, 503])
async def test_any_other_status_is_no_acknowledgement_and_redirects_are_not_followed(status: int):
    asked = []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": str(request.url)})

    async with http_server(refuse) as url:
        with pytest.raises(CollectorFailed, match=str(status)):
            await open_collector(url).send([entry(1)])
    assert asked == ["/logs"]


async def test_a_collector_that_answers_too_slowly_has_not_acknowledged():
    async def dawdle(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with http_server(dawdle) as url:
        with pytest.raises(CollectorFailed, match="did not answer"):
            await HttpCollector(url, None, None, timeout_s=0.2).send([entry(1)])


async def test_a_collector_that_is_not_there_is_named_without_its_credentials():
    for url in ("http://ada:hunter2@127.0.0.1:1/logs?key=hunter2", "syslog+tcp://ada:hunter2@127.0.0.1:1"):
        collector = open_collector(url, b"hunter2")
        with pytest.raises(CollectorFailed) as refused:
            await collector.send([entry(1)])
        assert "hunter2" not in f"{refused.value} {collector.name}"


async def test_a_file_grows_by_lines_and_may_be_rotated(tmp_path: Path):
    path = tmp_path / "audit.jsonl"
    collector = open_collector(f"file://{path}")
    await collector.send([entry(1), entry(2)])
    assert path.stat().st_mode & 0o777 == 0o600
    path.rename(tmp_path / "audit.1")
    await collector.send([entry(3)])
    assert (tmp_path / "audit.1").read_bytes() == b'{"sequence": 1}\n{"sequence": 2}\n'
    assert path.read_bytes() == b'{"sequence": 3}\n'
    with pytest.raises(CollectorFailed):
        await open_collector(f"file://{tmp_path}/missing/audit.jsonl").send([entry(1)])


def test_a_message_is_that_of_rfc_5424():
    priority, at, host, app, process, kind, data, text = message(entry(1)).split(b" ", 7)
    assert (priority, at, app, kind, data) == (
        b"<109>1",
        b"2026-11-22T17:45:41.123456Z",
        b"aei-marketplace",
        b"plugin.publish",
        b"-",
    )
    assert host
    assert process.isdigit()
    assert json.loads(text) == {"sequence": 1}
    assert message(entry(1, "denied")).startswith(b"<108>1 ")


def frames(content: bytes) -> list[bytes]:
    """Messages by octet counting, RFC 6587, section 3.4.1."""
    found = []
    while content:
        length, _, rest = content.partition(b" ")
        found.append(rest[: int(length)])
        content = rest[int(length) :]
    return found


@asynccontextmanager
async def stream_server(handle: Callable, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_syslog_over_tcp_counts_octets_and_waits_until_all_was_read():
    seen = []

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read())
        writer.close()

    async with stream_server(read) as port:
        await open_collector(f"syslog+tcp://127.0.0.1:{port}").send([entry(1), entry(2)])
    assert [json.loads(text.split(b" ", 7)[7])["sequence"] for text in frames(seen[0])] == [1, 2]


async def test_syslog_that_breaks_off_or_never_ends_has_not_acknowledged():
    async def break_off(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    large = [Delivery(n, AT, "a.b", "ok", b"x" * 500_000) for n in range(40)]
    for handle in (break_off, hang):
        async with stream_server(handle) as port:
            collector = SyslogCollector("127.0.0.1", port, datagrams=False, tls=None, timeout_s=0.5)
            with pytest.raises(CollectorFailed):
                await collector.send(large)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True)
    return folder


async def test_syslog_over_tls_is_taken_in_by_whom_the_certificate_vouches_for(certificate: Path):
    seen = []

    async def read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read())
        writer.close()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    async with stream_server(read, tls) as port:
        url = f"syslog+tls://localhost:{port}"
        await open_collector(url, ca_file=certificate / "cert.pem").send([entry(1)])
        assert len(frames(seen[0])) == 1
        with pytest.raises(CollectorFailed):
            await open_collector(url).send([entry(1)])


async def test_syslog_over_udp_sends_a_datagram_for_each_entry():
    received: asyncio.Queue[bytes] = asyncio.Queue()

    class Listener(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple) -> None:
            received.put_nowait(data)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Listener, local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        await open_collector(f"syslog+udp://127.0.0.1:{port}").send([entry(1), entry(2)])
        found = [await asyncio.wait_for(received.get(), 5) for _ in range(2)]
    finally:
        transport.close()
    assert found == [message(entry(1)), message(entry(2))]


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "syslog://host:1", "udp://host:1", "http:///x", "file://", "x"]
)
def test_other_addresses_are_refused(url: str):
    with pytest.raises(ValueError, match="is not an address"):
        open_collector(url)
