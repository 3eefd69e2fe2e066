"""Mail to an SMTP server (RFC 5321): one connection a message, given up in time."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import aiosmtplib

from aei_marketplace.adapters.mail.message import compose
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.ports import MailRefused

#: `starttls` insists on it: a server that does not offer it gets nothing.
SmtpTls = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over, and as whom.

    Attributes:
        ca_file: certificates that vouch for the server; None for the system's.
    """

    host: str
    port: int
    tls: SmtpTls = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None


class SmtpMail:
    """Hands messages to one server.

    Args:
        sender: a bare address.
        patience: seconds for one whole message.
    """

    def __init__(self, server: SmtpServer, sender: str, *, patience: float = 30.0) -> None:
        self._server = server
        self._sender = sender
        self._patience = patience

    async def send(self, to: str, subject: str, text: str, *, message_id: str | None = None) -> None:
        """Hand one message over.

        Raises:
            MailRefused: the server will never take it.
            Unavailable: the server does not take it now; what it says about us counts as that, too.
        """
        message = compose(self._sender, to, subject, text, utc_now(), message_id)
        with _problems_told():
            async with asyncio.timeout(self._patience), self._client() as client:
                await client.send_message(message, sender=self._sender, recipients=[to])

    async def check(self) -> None:
        """Connect, encrypt and sign in as for a message, and send none.

        Raises:
            Unavailable: what stands against it.
        """
        with _problems_told():
            async with asyncio.timeout(self._patience), self._client() as client:
                await client.noop()

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        secure = server.tls != "none"
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            timeout=self._patience,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            tls_context=ssl.create_default_context(cafile=server.ca_file) if secure else None,
        )


@contextmanager
def _problems_told() -> Iterator[None]:
    """Say what went wrong in our own words: the texts of errors repeat what was sent."""
    try:
        yield
    except aiosmtplib.SMTPRecipientsRefused as refused:
        raise _verdict(refused.recipients[0].code) from None
    except aiosmtplib.SMTPDataError as refused:
        raise _verdict(refused.code) from None
    except aiosmtplib.SMTPAuthenticationError as answer:
        raise _not_now(f"answered {answer.code} to user and password") from None
    except aiosmtplib.SMTPResponseException as answer:
        raise _not_now(f"answered {answer.code}") from None
    except TimeoutError:
        raise _not_now("gave no answer in time") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _not_now(_cause(error)) from None


def _cause(error: BaseException) -> str:
    """What is behind an error of the connection."""
    causes = [error]
    while (deeper := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(deeper)
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return "has a name that leads nowhere"
        if isinstance(cause, ConnectionRefusedError):
            return "is not there: nobody listens on that port"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"shows a certificate that does not hold: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "does not begin with TLS on that port"
    if type(error) in (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported):
        return "does not offer what is asked of it: encryption, or signing in"
    return f"cannot be used: {type(error).__name__}"


def _verdict(code: int) -> Unavailable:
    """What a server's answer about recipient or content means (RFC 5321, 4.2.1)."""
    if 500 <= code < 600:
        return MailRefused(f"The mail server refused the message for good, with code {code}.")
    return _not_now(f"answered {code}")


def _not_now(what: str) -> Unavailable:
    return Unavailable(f"The mail server {what}.")
