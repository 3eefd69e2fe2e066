"""Signed notes and checkpoints of transparency logs, as C2SP has them.

A note is a text and signatures below it (c2sp.org/signed-note); a checkpoint is a note whose text is
the head of a log's tree: origin, size, root (c2sp.org/tlog-checkpoint). Signatures here are Ed25519,
signature type 1. Keys travel as texts: `name+id+base64`, what whoever checks needs (the "vkey").

    key = SigningKey.generate("example.com/log")
    note = key.sign(Checkpoint("example.com/log", 3, root).text())
    checkpoint = open_checkpoint(note, VerifyingKey.parse(vkey))
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: A note that is larger is not read. One of ours has about 250 bytes.
MOST_BYTES = 64 * 1024
#: So many signature lines are read; the specification asks for at least 16.
MOST_SIGNATURES = 64
#: Sizes fit into 63 bits, as they do in the database.
MOST_LEAVES = 2**63 - 1

_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "
_KEY_ID_BYTES, _KEY_BYTES, _HASH_BYTES = 4, 32, 32
_PRIVATE = "PRIVATE+KEY+"
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+]{1,200}")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteMalformed(ValueError):
    """The bytes are not a note, a key or a checkpoint."""


class NoteUnproven(ValueError):
    """The note is not signed by the key, or what is signed has been changed."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line.

    Attributes:
        key_id: 4 bytes that tell keys of one name apart.
        value: what the key made of the text; 64 bytes for Ed25519.
    """

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text with its signatures; nothing is checked yet.

    Attributes:
        text: ends with a newline.
    """

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True)
class VerifyingKey:
    """What checks a log's signatures.

    Attributes:
        name: the log's name; no spaces, no plus.
        public: 32 bytes.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != _KEY_BYTES:
            raise NoteMalformed(f"an Ed25519 key has {_KEY_BYTES} bytes")

    @classmethod
    def parse(cls, text: str) -> "VerifyingKey":
        """Read `name+id+base64`.

        Raises:
            NoteMalformed: it is not an Ed25519 key, or its id belongs to another.
        """
        name, key_id, encoded = _three_parts(text)
        key = cls(name, _ed25519_part(encoded))
        if key_id != key.key_id.hex():
            raise NoteMalformed("the key's id is not the one that its bytes have")
        return key

    @cached_property
    def key_id(self) -> bytes:
        """4 bytes made of name, signature type and key."""
        whole = self.name.encode() + b"\n" + _ED25519 + self.public
        return hashlib.sha256(whole).digest()[:_KEY_ID_BYTES]

    def text(self) -> str:
        """`name+id+base64`."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ED25519 + self.public)}"

    def check(self, note: Note) -> None:
        """Check that the note is signed by this key; signatures of others are not looked at.

        Raises:
            NoteUnproven: it is not, or one of the signatures in this key's name is wrong.
        """
        ours = [s for s in note.signatures if (s.name, s.key_id) == (self.name, self.key_id)]
        if not ours:
            raise NoteUnproven(f"the note is not signed by {self.name} with the key {self.key_id.hex()}")
        key = Ed25519PublicKey.from_public_bytes(self.public)
        for signature in ours:
            try:
                key.verify(signature.value, note.text.encode())
            except InvalidSignature as error:
                raise NoteUnproven(f"the signature by {self.name} does not fit the text") from error


@dataclass(frozen=True)
class SigningKey:
    """What makes a log's signatures.

    Attributes:
        seed: 32 bytes; whoever has them signs as this log.
    """

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> "SigningKey":
        """A new key."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Read `PRIVATE+KEY+name+id+base64`.

        Raises:
            NoteMalformed: it is not an Ed25519 key, or its id belongs to another.
        """
        if not text.startswith(_PRIVATE):
            raise NoteMalformed(f"a signing key begins with {_PRIVATE}")
        name, key_id, encoded = _three_parts(text.removeprefix(_PRIVATE))
        key = cls(name, _ed25519_part(encoded))
        if key_id != key.verifying.key_id.hex():
            raise NoteMalformed("the key's id is not the one that its bytes have")
        return key

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def verifying(self) -> VerifyingKey:
        """The key that checks what this one signs."""
        return VerifyingKey(self.name, self._private.public_key().public_bytes_raw())

    def text(self) -> str:
        """`PRIVATE+KEY+name+id+base64`; a secret."""
        return f"{_PRIVATE}{self.name}+{self.verifying.key_id.hex()}+{_base64(_ED25519 + self.seed)}"

    def sign(self, text: str) -> str:
        """A note of this text, with this key's signature.

        Raises:
            NoteMalformed: the text does not end with a newline, or holds control characters.
        """
        _check_text(text)
        value = self._private.sign(text.encode())
        return f"{text}\n{_DASH}{self.name} {_base64(self.verifying.key_id + value)}\n"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log's tree.

    Attributes:
        origin: which log.
        size: how many leaves.
        root: 32 bytes.
    """

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a note's text; extension lines are let pass.

        Raises:
            NoteMalformed: it is not a checkpoint.
        """
        lines = text.removesuffix("\n").split("\n")
        if not text.endswith("\n") or len(lines) < 3 or "" in lines:
            raise NoteMalformed("a checkpoint has three lines that are not empty: origin, size, root")
        origin, size, encoded = lines[:3]
        if not _SIZE.fullmatch(size) or int(size) > MOST_LEAVES:
            raise NoteMalformed("a checkpoint's size is a number without leading zeros")
        root = _unbase64(encoded)
        if len(root) != _HASH_BYTES:
            raise NoteMalformed(f"a checkpoint's root has {_HASH_BYTES} bytes")
        return cls(origin, int(size), root)


def parse_note(content: bytes | str, most_bytes: int = MOST_BYTES) -> Note:
    """Read a note; nothing of it is to be believed before `VerifyingKey.check`.

    Args:
        most_bytes: a note that is larger is not read.

    Raises:
        NoteMalformed: it is none, is too large, or has too many signatures.
    """
    whole = _text_of(content, most_bytes)
    text, blank, tail = whole.rpartition("\n\n")
    if not blank:
        raise NoteMalformed("a note has an empty line before its signatures")
    lines = tail.removesuffix("\n").split("\n")
    if not tail.endswith("\n") or len(lines) > MOST_SIGNATURES:
        raise NoteMalformed(f"a note ends with 1 to {MOST_SIGNATURES} whole signature lines")
    return Note(text + "\n", tuple(_signature(line) for line in lines))


def open_checkpoint(content: bytes | str, key: VerifyingKey) -> Checkpoint:
    """Read a checkpoint that must be of the log whose key this is.

    Raises:
        NoteMalformed: it is no checkpoint.
        NoteUnproven: it is not signed by the key, or is another log's.
    """
    note = parse_note(content)
    key.check(note)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != key.name:
        raise NoteUnproven(f"the checkpoint is of the log {checkpoint.origin!r}, not of {key.name}")
    return checkpoint


def _text_of(content: bytes | str, most_bytes: int) -> str:
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    if len(raw) > most_bytes:
        raise NoteMalformed(f"a note has at most {most_bytes} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise NoteMalformed("a note is UTF-8") from error
    if _CONTROL.search(text):
        raise NoteMalformed("a note holds no control characters but newlines")
    return text


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise NoteMalformed("a note's text ends with a newline and holds no other control characters")


def _signature(line: str) -> Signature:
    parts = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(parts) != 2:
        raise NoteMalformed("a signature line is an em dash, a name and base64")
    name, encoded = parts
    _check_name(name)
    value = _unbase64(encoded)
    if len(value) <= _KEY_ID_BYTES:
        raise NoteMalformed("a signature is a key id and what the key made")
    return Signature(name, value[:_KEY_ID_BYTES], value[_KEY_ID_BYTES:])


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise NoteMalformed("a key's name has 1 to 200 characters, none of them a space or a plus")


def _three_parts(text: str) -> tuple[str, str, str]:
    # Base64 may hold a plus too.
    parts = text.split("+", 2)
    if len(text) > MOST_BYTES or len(parts) != 3:
        raise NoteMalformed("a key is written name+id+base64")
    return parts[0], parts[1], parts[2]


def _ed25519_part(encoded: str) -> bytes:
    raw = _unbase64(encoded)
    if raw[:1] != _ED25519 or len(raw) != 1 + _KEY_BYTES:
        raise NoteMalformed("only Ed25519 keys are known here")
    return raw[1:]


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unbase64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteMalformed("this is not base64") from error
    if _base64(raw) != text:
        raise NoteMalformed("base64 is written in one way only")  # stray bits at the end
    return raw
