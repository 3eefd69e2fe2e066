"""The marketplace's line: the dataclasses of `aei_protocol.messages` as MessagePack `[kind, fields]`."""

from typing import Any

import msgspec

from aei_protocol.messages import TO_HOST, TO_MARKETPLACE

_encode = msgspec.msgpack.Encoder().encode
_envelope = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
_FOR_HOST = {kind.__name__: msgspec.msgpack.Decoder(kind) for kind in TO_HOST}
_FOR_MARKETPLACE = {kind.__name__: msgspec.msgpack.Decoder(kind) for kind in TO_MARKETPLACE}


class BadMessage(ValueError):
    """A frame that is no message of the protocol; the line it came on is closed."""


def encode(message: Any) -> bytes:
    """The body of the frame that carries a message."""
    return _encode((type(message).__name__, message))


def decode_for_host(body: bytes) -> Any:
    """Read a message that a marketplace sent.

    Raises:
        BadMessage: it is none.
    """
    return _decode(body, _FOR_HOST)


def decode_for_marketplace(body: bytes) -> Any:
    """Read a message that a host sent.

    Raises:
        BadMessage: it is none.
    """
    return _decode(body, _FOR_MARKETPLACE)


def _decode(body: bytes, known: dict[str, Any]) -> Any:
    try:
        kind, fields = _envelope.decode(body)
        return known[kind].decode(fields)
    except KeyError as kind_error:
        raise BadMessage(f"unknown message {kind_error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(str(error)) from error
