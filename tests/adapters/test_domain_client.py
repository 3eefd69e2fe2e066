"""What stands on a domain: a resolver and a web server on loopback, honest and hostile."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from aei_marketplace.adapters.domains import LARGEST_FILE, DomainClient
from aei_marketplace.ground.ports import DomainSilent

NAME = "_aei-publisher.acme.example"
Reply = Callable[[bytes], bytes]


@asynccontextmanager
async def resolver(reply: Reply) -> AsyncIterator[tuple[str, int]]:
    """A DNS server on loopback that answers each question as `reply` says; nothing is silence."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        answer = reply(await reader.readexactly(size))
        if answer:
            writer.write(struct.pack("!H", len(answer)) + answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[:2]


def answering(*records: bytes, code: int = 0) -> Reply:
    """Answers with these resource records after the question."""
    return lambda asked: (
        asked[:2] + struct.pack("!5H", 0x8180 | code, 1, len(records), 0, 0) + asked[12:] + b"".join(records)
    )


def record(content: bytes, kind: int = 16, name: bytes = b"\xc0\x0c") -> bytes:
    return name + struct.pack("!HHIH", kind, 1, 60, len(content)) + content


def text(*parts: bytes) -> bytes:
    return b"".join(bytes([len(part)]) + part for part in parts)


async def records(reply: Reply) -> list[str]:
    async with resolver(reply) as place:
        return list(await DomainClient({}, resolvers=[place]).text_records(NAME))


async def test_text_records_are_read_whole_after_other_records_and_names_of_any_form() -> None:
    alias = record(b"\x05proof\xc0\x1b", kind=5)
    long = record(text(b"a" * 255, b"b"), name=b"\x05proof\x04acme\x07example\x00")
    assert await records(answering(alias, record(text(b"one")), long)) == ["one", "a" * 255 + "b"]


async def test_a_name_that_does_not_exist_has_no_records() -> None:
    assert await records(answering(code=3)) == []


@pytest.mark.parametrize(
    "reply",
    [
        answering(code=2),
        lambda asked: b"\x00\x00" + answering(record(text(b"x")))(asked)[2:] if asked[:2] != b"\0\0" else b"",
        lambda asked: answering(record(text(b"x")))(asked)[:-1],
        answering(record(b"\xffshort")),
        answering(record(text(b"x"), name=b"\x3f")),
        lambda asked: asked,
        lambda _: b"",
        lambda _: b"\x00",
    ],
    ids=["failed", "other question", "cut off", "long string", "long name", "no answer", "silence", "stub"],
)
async def test_an_answer_that_cannot_be_believed_is_no_answer(reply: Reply) -> None:
    with pytest.raises(DomainSilent):
        await records(reply)


async def test_the_next_resolver_is_asked_when_one_fails() -> None:
    async with resolver(answering(code=2)) as broken, resolver(answering(record(text(b"x")))) as sound:
        assert await DomainClient({}, resolvers=[broken, sound]).text_records(NAME) == ["x"]


@asynccontextmanager
async def site(handler: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[DomainClient]:
    """A client for which acme.example is a web server on loopback."""
    application = web.Application()
    application.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield DomainClient({"acme.example:80": runner.addresses[0][:2]})
    finally:
        await runner.cleanup()


async def test_a_file_is_read_from_its_path() -> None:
    async def give(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.host} {request.path}")

    async with site(give) as client:
        assert (
            await client.read_file("acme.example", "/.well-known/x.txt") == "acme.example /.well-known/x.txt"
        )


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(status=404),
        lambda: web.Response(status=302, headers={"Location": "/other"}),
        lambda: web.Response(body=b"x" * (LARGEST_FILE + 1)),
    ],
    ids=["missing", "redirect", "too large"],
)
async def test_a_file_that_is_missing_elsewhere_or_too_large_is_not_read(
    answer: Callable[[], web.Response],
) -> None:
    async def give(_: web.Request) -> web.Response:
        return answer()

    async with site(give) as client:
        with pytest.raises(DomainSilent):
            await client.read_file("acme.example", "/.well-known/x.txt")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1"])
async def test_a_domain_at_an_address_that_is_not_public_is_not_asked(address: str) -> None:
    async def look_up(_: str, __: int) -> list[str]:
        return ["93.184.216.34", address]

    with pytest.raises(DomainSilent):
        await DomainClient({}, look_up).read_file("acme.example", "/.well-known/x.txt")
