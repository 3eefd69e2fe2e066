"""Syslog (RFC 5424) over UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425).

Syslog knows no acknowledgement. Over TCP and TLS a batch has a connection of its own and counts as taken in
when the collector closes it after us, which it does after reading to the end. Over UDP nothing is ever known.
"""

import asyncio
import contextlib
import os
import re
import socket
import ssl
from collections.abc import Sequence

from aei_marketplace.ground.clock import rfc3339
from aei_marketplace.ground.collecting import CollectorFailed, Delivery

TIMEOUT_S = 10.0
#: A datagram holds no more; a longer entry is cut.
MOST_DATAGRAM_BYTES = 60_000
_LOG_AUDIT = 13
_NOTICE, _WARNING = 5, 4
_PRINTABLE = re.compile(r"[^\x21-\x7e]")


class SyslogCollector:
    """Sends each entry as one message whose text is its JSON.

    Args:
        datagrams: UDP instead of TCP.
        tls: how the collector proves who it is; None without TLS.
    """

    def __init__(
        self,
        host: str,
        port: int,
        datagrams: bool,
        tls: ssl.SSLContext | None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._host, self._port, self._datagrams, self._tls = host, port, datagrams, tls
        self._timeout_s = timeout_s

    @property
    def name(self) -> str:
        """As `Collector.name`."""
        transport = "udp" if self._datagrams else "tls" if self._tls else "tcp"
        return f"syslog+{transport}://{self._host}:{self._port}"

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """As `Collector.send`, as far as syslog goes."""
        messages = [message(delivery) for delivery in deliveries]
        try:
            async with asyncio.timeout(self._timeout_s):
                await (self._send_datagrams(messages) if self._datagrams else self._send_stream(messages))
        except TimeoutError as error:
            raise CollectorFailed(f"{self.name} did not take it in within {self._timeout_s:g} s") from error
        except OSError as error:
            raise CollectorFailed(f"{self.name}: {type(error).__name__}") from error

    async def _send_datagrams(self, messages: list[bytes]) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(self._host, self._port)
        )
        try:
            for text in messages:
                transport.sendto(text[:MOST_DATAGRAM_BYTES])
        finally:
            transport.close()

    async def _send_stream(self, messages: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        try:
            for text in messages:
                writer.write(f"{len(text)} ".encode() + text)
                await writer.drain()
            if self._tls is None:
                writer.write_eof()
                while await reader.read(4096):
                    pass  # a collector has nothing to say; its end is what counts
        except BaseException:
            writer.transport.abort()
            raise
        writer.close()
        # TLS has no half-closed connections: its own goodbye is answered after all was read.
        with contextlib.nullcontext() if self._tls else contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def message(delivery: Delivery) -> bytes:
    """One message of RFC 5424, section 6."""
    severity = _NOTICE if delivery.outcome == "ok" else _WARNING
    message_id = _PRINTABLE.sub("_", delivery.action)[:32] or "-"
    host = _PRINTABLE.sub("_", socket.gethostname())[:255] or "-"
    priority = f"<{_LOG_AUDIT * 8 + severity}>1"
    head = [priority, rfc3339(delivery.at), host, "aei-marketplace", str(os.getpid()), message_id, "- "]
    return " ".join(head).encode() + delivery.body
