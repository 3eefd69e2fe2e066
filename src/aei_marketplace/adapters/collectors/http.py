"""An HTTP address that takes batches of JSON."""

import hashlib
import hmac
import ssl
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import aiohttp

from aei_marketplace.ground.collecting import CollectorFailed, Delivery

#: A collector that takes longer has not acknowledged.
TIMEOUT_S = 10.0
SIGNATURE = "AEI-Signature"


class HttpCollector:
    """Posts `{"entries": [...]}`; a status from 200 to 299 acknowledges all of them.

    Args:
        secret: signs each request: `AEI-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY`.
        tls: how the collector proves who it is; None for http.
    """

    def __init__(
        self, url: str, secret: bytes | None, tls: ssl.SSLContext | None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._url, self._secret, self._tls = url, secret, tls
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    @property
    def name(self) -> str:
        """As `Collector.name`: neither credentials nor query."""
        parts = urlsplit(self._url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        """As `Collector.send`."""
        body = b'{"entries":[' + b",".join(delivery.body for delivery in deliveries) + b"]}"
        headers = {"Content-Type": "application/json", **self._signature(body)}
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.post(
                    self._url, data=body, headers=headers, allow_redirects=False, ssl=self._tls or True
                ) as response,
            ):
                status = response.status
        except TimeoutError as error:
            raise CollectorFailed(f"{self.name} did not answer in {self._timeout.total:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise CollectorFailed(f"{self.name}: {type(error).__name__}") from error
        if not 200 <= status < 300:
            raise CollectorFailed(f"{self.name} answered {status}")

    def _signature(self, body: bytes) -> dict[str, str]:
        if self._secret is None:
            return {}
        at = str(int(time.time()))
        digest = hmac.new(self._secret, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return {SIGNATURE: f"t={at},v1={digest}"}
