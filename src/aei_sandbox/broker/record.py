"""The journal of an execution's host calls, and a replay that is answered from one.

A journal is deflated (RFC 1950) JSON lines: a head, then `[function, digest, answer]` for each call. The
digest is of the arguments, keyed (HMAC-SHA256, 128 bits), so that a reader of the journal cannot try out
what they might have been. A call that was never answered has no third part. Of a secret's value there is
a keyed digest only: a replay asks for the value again and compares.
"""

import hashlib
import hmac
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from aei_protocol.messages import Divergence, Execute

#: A journal that grows longer than this before it is deflated is given up whole.
LARGEST_JOURNAL = 6 * 1024 * 1024
#: Room for the head and the envelope of a journal that was just short enough.
_MOST_TO_INFLATE = LARGEST_JOURNAL + 4096
_HEAD = {"journal": 1}
_DIGEST_BYTES = 16
#: Calls that are not answered.
_ONE_WAY = frozenset({"log", "progress"})
_NEVER_ANSWERED = object()

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

#: Tenant, execution, name → the secret's value, or None.
AskSecret = Callable[[str, str, str], Awaitable[str | None]]


class BadJournal(ValueError):
    """These bytes are no journal."""


class Diverged(Exception):
    """The guest did something else than what was recorded."""

    def __init__(self, divergence: Divergence) -> None:
        super().__init__(divergence.detail)
        self.divergence = divergence


class Recorder:
    """Writes the journal of one execution.

    Args:
        key: for the digests.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._deflate = zlib.compressobj(level=1)
        self._parts: list[bytes] | None = [self._deflate.compress(_encode(_HEAD) + b"\n")]
        self._bytes = 0
        self._asked: list[Any] = []

    def asked(self, interface: str, function: str, arguments: list[Any]) -> None:
        """The guest called; the answer follows, unless the call has none."""
        self._asked = [f"{interface}.{function}", digest(self._key, arguments)]
        if interface in _ONE_WAY:
            self.answered(None)
        elif interface == "secrets":
            self._asked.append(arguments[0])

    def answered(self, answer: Any) -> None:
        """The call was answered."""
        if not self._asked:
            return
        name, arguments, *secret = self._asked
        if secret and answer[0]:
            answer = {"secret": secret[0], "digest": digest(self._key, [secret[0], answer[1]])}
        self._write([name, arguments, answer])
        self._asked = []

    def content(self) -> bytes | None:
        """The journal, complete; None when it grew too long."""
        if self._asked:
            self._write(self._asked[:2])
            self._asked = []
        if self._parts is None:
            return None
        self._parts.append(self._deflate.flush())
        return b"".join(self._parts)

    def _write(self, entry: list[Any]) -> None:
        if self._parts is None:
            return
        line = _encode(entry) + b"\n"
        self._bytes += len(line)
        if self._bytes > LARGEST_JOURNAL:
            self._parts = None
            return
        self._parts.append(self._deflate.compress(line))


class Replay:
    """Answers an execution's host calls from a journal, in its order, and does nothing else.

    Args:
        execution: what runs again, with its journal and the secrets that it still holds.
        ask_secret: the way to the vault.

    Attributes:
        denied: recorded answers that were denials.

    Raises:
        BadJournal: there is none to read.
    """

    def __init__(self, execution: Execute, ask_secret: AskSecret) -> None:
        self._execution = execution
        self._key = execution.journal or b""
        self._ask_secret = ask_secret
        self._calls = read_journal(execution.recorded or b"")
        self._done = 0
        self.denied = 0

    def call(self, interface: str, function: str, arguments: list[Any]) -> Any | Awaitable[Any]:
        """The recorded answer.

        Raises:
            Diverged: another call, or another argument, is recorded here; or none.
        """
        name = f"{interface}.{function}"
        if self._done == len(self._calls):
            raise self._diverged("end", name, "the recorded execution made no further call")
        recorded, arguments_then, answer = self._calls[self._done]
        if recorded != name:
            raise self._diverged(recorded, name, "the guest called another function")
        if arguments_then != digest(self._key, arguments):
            raise self._diverged(recorded, name, "the guest called it with other arguments")
        if answer is _NEVER_ANSWERED:
            raise self._diverged("end", name, "the recorded execution was ended during this call")
        if isinstance(answer, dict):
            return self._secret(answer)
        self._done += 1
        if isinstance(answer, list):
            self.denied += not answer[0] and _code(answer[1]) == "denied"
            return tuple(answer)
        return answer

    def rest(self) -> Divergence | None:
        """What the guest left out, when it has returned."""
        if self._done == len(self._calls):
            return None
        expected = self._calls[self._done][0]
        return self._diverged(expected, "end", "the guest returned before this call").divergence

    async def _secret(self, recorded: dict[str, str]) -> Any:
        run, name = self._execution, recorded["secret"]
        held = name in run.capabilities.secrets
        value = await self._ask_secret(run.tenant, run.id, name) if held else None
        if value is None:
            raise self._diverged("secrets.get", "secrets.get", f"the secret {name} cannot be read any more")
        if not hmac.compare_digest(recorded["digest"], digest(self._key, [name, value])):
            raise self._diverged("secrets.get", "secrets.get", f"the secret {name} has another value now")
        self._done += 1
        return True, value

    def _diverged(self, expected: str, got: str, detail: str) -> Diverged:
        return Diverged(Divergence(self._done + 1, expected, got, detail))


def digest(key: bytes, values: list[Any]) -> str:
    """A keyed digest of values, hexadecimal: the same for the same values only."""
    return hmac.new(key, _encode(values), hashlib.sha256).digest()[:_DIGEST_BYTES].hex()


def read_journal(content: bytes) -> list[tuple[str, str, Any]]:
    """The calls of a journal: function, digest of the arguments, answer.

    Raises:
        BadJournal: it is none, or one of another version.
    """
    try:
        inflate = zlib.decompressobj()
        text = inflate.decompress(content, _MOST_TO_INFLATE)
        head, *lines = text.splitlines()
        if not inflate.eof or _decode(head) != _HEAD:
            raise BadJournal("not a journal of version 1")
        return [_entry(_decode(line)) for line in lines]
    except (zlib.error, msgspec.DecodeError, ValueError, TypeError) as error:
        raise BadJournal(f"the journal cannot be read: {error}") from error


def _entry(parts: list[Any]) -> tuple[str, str, Any]:
    name, arguments, *answer = parts
    return name, arguments, answer[0] if answer else _NEVER_ANSWERED


def _code(failure: str) -> str | None:
    code: str | None = _decode(failure.encode()).get("code")
    return code
