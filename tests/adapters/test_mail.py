"""Mail: one well-formed message, into a folder or to a real SMTP server that refuses, delays and stalls."""

import asyncio
import email
import os
import socket
import ssl
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.adapters.mail import MailFolder, SmtpMail, SmtpServer
from aei_marketplace.adapters.mail.message import LONGEST_SUBJECT, LONGEST_TEXT, compose
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.ports import MailRefused

Serve = Callable[..., Awaitable[int]]

SENDER, READER = "marketplace@aei.example", "ada@acme.example"
NOW = datetime(2030, 5, 17, 12, 0, tzinfo=UTC)
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
}  # fmt: skip


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


@given(st.text(max_size=400), st.text(max_size=3000))
def test_nothing_that_is_put_in_adds_a_header(subject: str, text: str) -> None:
    content = compose(SENDER, READER, subject, text, NOW, "id-1").as_bytes()
    message = parsed(content)
    assert set(message.keys()) == HEADERS
    assert len(message.keys()) == len(HEADERS)
    assert message["To"] == READER
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    content.decode("ascii")


def test_subject_and_text_arrive_as_they_were() -> None:
    text = "Grüße\nan ☃ alle\n.\nFrom here on\n" + "x" * 2000
    message = parsed(compose(SENDER, READER, "Größe: 3 ☃", text, NOW, "id-1").as_bytes())
    assert message["Subject"] == "Größe: 3 ☃"
    assert text_of(message) == text + "\n"
    assert message["From"].addresses[0].addr_spec == SENDER
    assert message["Message-ID"] == "<id-1@aei.example>"


@pytest.mark.parametrize("evil", ["a\r\nBcc: x@evil.example", "a\nBcc: x@evil.example", "a\x00b", "a\u2028b"])
def test_a_subject_stays_one_line(evil: str) -> None:
    message = parsed(compose(SENDER, READER, evil, "text", NOW, None).as_bytes())
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]


def test_what_is_too_long_is_cut() -> None:
    message = parsed(compose(SENDER, READER, "s" * 5000, "t" * 500_000, NOW, None).as_bytes())
    assert len(message["Subject"]) == LONGEST_SUBJECT
    assert len(text_of(message)) <= LONGEST_TEXT + 1


@pytest.mark.parametrize(
    "address",
    [
        "ada",
        "ada@",
        "@acme.example",
        "a@b@c",
        "ada@acme.example\r\nBcc: x@evil.example",
        "ada@acme.example, eve@evil.example",
        "Ada <ada@acme.example>",
        "ada@acme..example",
        "ada@[127.0.0.1]",
        "adä@acme.example",
        "a" * 65 + "@acme.example",
        '"ada\r\n"@acme.example',
    ],
)
def test_an_address_that_is_none_is_refused_for_good(address: str) -> None:
    with pytest.raises(MailRefused):
        compose(SENDER, address, "s", "t", NOW, None)


@pytest.mark.parametrize("message_id", ["", "../x", "a b", "a>b", "a\r\nb", ".hidden", "x" * 201])
async def test_a_message_id_never_leaves_its_place(tmp_path: Path, message_id: str) -> None:
    folder = MailFolder(tmp_path / "mail", SENDER)
    if message_id == "":
        await folder.send(READER, "s", "t", message_id=message_id)
        return
    with pytest.raises(ValueError, match="message id"):
        await folder.send(READER, "s", "t", message_id=message_id)
    assert os.listdir(tmp_path) == []


async def test_the_folder_holds_one_private_file_a_message(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path / "mail", SENDER, lambda: NOW)
    await folder.send(READER, "One", "first", message_id="id-1")
    await folder.send(READER, "Two", "second", message_id="id-2")
    await folder.send(READER, "One", "first, again", message_id="id-1")
    files = sorted((tmp_path / "mail").iterdir())
    assert [f.name for f in files] == ["id-1.eml", "id-2.eml"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "mail").stat().st_mode) == 0o700
    assert text_of(parsed(files[0].read_bytes())) == "first, again\n"


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(Unavailable, match="folder"):
        await MailFolder(tmp_path / "mail", SENDER).send(READER, "s", "t")


class Server:
    """What an SMTP server takes, and how it answers: by stage, the reply in the place of its own."""

    def __init__(self) -> None:
        self.replies: dict[str, str] = {}
        self.taken: list[tuple[list[str], bytes]] = []

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 the server's interface
        if "MAIL" in self.replies:
            return self.replies["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 the server's interface
        if "RCPT" in self.replies:
            return self.replies["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 the server's interface
        if "DATA" in self.replies:
            return self.replies["DATA"]
        self.taken.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def serve(server: Server) -> AsyncIterator[Serve]:
    """Starts the server on a free port of loopback; gives the port."""
    running: list[asyncio.Server] = []

    async def start(tls: ssl.SSLContext | None = None, **options: Any) -> int:
        def session() -> SMTP:
            return SMTP(server, hostname="127.0.0.1", **options)

        running.append(await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0, ssl=tls))
        return int(running[-1].sockets[0].getsockname()[1])

    yield start
    for listening in running:
        listening.close()


def mail_to(port: int, **options: Any) -> SmtpMail:
    patience = options.pop("patience", 20)
    return SmtpMail(SmtpServer("127.0.0.1", port, **{"tls": "none", **options}), SENDER, patience=patience)


async def test_a_message_is_handed_over_whole(server: Server, serve: Serve) -> None:
    await mail_to(await serve()).send(READER, "Größe", "Grüße\n.\nEnde", message_id="id-1")
    ((recipients, content),) = server.taken
    assert recipients == [READER]
    message = parsed(content)
    assert (message["Subject"], message["Message-ID"]) == ("Größe", "<id-1@aei.example>")
    assert text_of(message) == "Grüße\n.\nEnde\n"


@pytest.mark.parametrize(
    ("stage", "reply", "refused"),
    [
        ("RCPT", "550 5.1.1 no such mailbox canary@leak.example", MailRefused),
        ("RCPT", "450 4.2.1 try later", Unavailable),
        ("DATA", "554 5.6.0 looks like spam", MailRefused),
        ("DATA", "452 4.3.1 disk full", Unavailable),
        ("MAIL", "530 5.7.0 sign in first", Unavailable),
        ("MAIL", "451 4.3.0 not now", Unavailable),
    ],
)
async def test_a_refusal_for_good_is_told_from_one_for_now(
    server: Server, serve: Serve, stage: str, reply: str, refused: type[Unavailable]
) -> None:
    server.replies[stage] = reply
    with pytest.raises(Unavailable) as told:
        await mail_to(await serve()).send(READER, "s", "t")
    assert type(told.value) is refused
    assert reply[:3] in told.value.detail
    assert "canary" not in told.value.detail


async def test_a_server_that_is_not_there_is_a_matter_of_now(unused_tcp_port_of_nobody: int) -> None:
    with pytest.raises(Unavailable) as told:
        await mail_to(unused_tcp_port_of_nobody).send(READER, "s", "t")
    assert not isinstance(told.value, MailRefused)


async def test_a_server_that_stalls_is_given_up_in_time() -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ")
        while True:  # one letter now and then, so that no single wait is long
            writer.write(b"x")
            await asyncio.sleep(0.05)

    listening = await asyncio.start_server(stall, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(Unavailable, match="in time"):
        await mail_to(port, patience=0.5).send(READER, "s", "t")
    listening.close()


async def test_a_server_that_offers_no_encryption_gets_nothing(server: Server, serve: Serve) -> None:
    with pytest.raises(Unavailable):
        await mail_to(await serve(), tls="starttls", user="u", password="secret").send(READER, "s", "t")
    assert server.taken == []


async def test_encryption_is_checked_against_the_named_authority(
    server: Server, serve: Serve, tmp_path: Path
) -> None:
    certificate, context = certified(tmp_path)
    port = await serve(tls_context=context, require_starttls=True)
    with pytest.raises(Unavailable):
        await mail_to(port, tls="starttls").send(READER, "s", "t")
    assert server.taken == []
    await mail_to(port, tls="starttls", ca_file=certificate).send(READER, "s", "t")
    implicit = await serve(tls=context)
    await mail_to(implicit, tls="tls", ca_file=certificate).send(READER, "s", "t")
    assert len(server.taken) == 2


async def test_a_wrong_password_is_a_matter_of_now_and_is_not_repeated(
    server: Server, serve: Serve, tmp_path: Path
) -> None:
    certificate, context = certified(tmp_path)

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"right")

    port = await serve(tls_context=context, require_starttls=True, authenticator=check, auth_required=True)
    signed_in = {"tls": "starttls", "ca_file": certificate, "user": "market"}
    with pytest.raises(Unavailable) as told:
        await mail_to(port, **signed_in, password="wrong-canary").send(READER, "s", "t")
    assert "canary" not in str(told.value)
    await mail_to(port, **signed_in, password="right").send(READER, "s", "t")
    assert len(server.taken) == 1


async def test_a_server_is_checked_without_a_message(server: Server, serve: Serve) -> None:
    await mail_to(await serve()).check()
    assert server.taken == []


async def test_a_check_names_what_is_wrong(
    server: Server, serve: Serve, tmp_path: Path, unused_tcp_port_of_nobody: int
) -> None:
    certificate, context = certified(tmp_path)
    plain = await serve()
    encrypted = await serve(tls_context=context, require_starttls=True)
    signed_in = {"tls": "starttls", "ca_file": certificate, "user": "market", "password": "wrong-canary"}
    wrong = {
        "nobody listens": mail_to(unused_tcp_port_of_nobody),
        "does not offer what is asked": mail_to(plain, tls="starttls"),
        "does not begin with TLS": mail_to(plain, tls="tls"),
        "certificate that does not hold": mail_to(encrypted, tls="starttls"),
        "answered 535 to user": mail_to(
            await serve(
                tls_context=context,
                require_starttls=True,
                authenticator=lambda *_: AuthResult(success=False, handled=False),
            ),
            **signed_in,
        ),
    }
    for words, mail in wrong.items():
        with pytest.raises(Unavailable, match=words) as told:
            await mail.check()
        assert "canary" not in str(told.value)


async def test_a_check_names_a_name_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unavailable, match="leads nowhere"):
        await SmtpMail(SmtpServer("mail.example", 25, "none"), SENDER).check()


def certified(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that vouches for itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, key_path = folder / "server.pem", folder / "server.key"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key_path)
    return path, context


@pytest.fixture
def unused_tcp_port_of_nobody() -> int:
    """A port on which nobody listens."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])
