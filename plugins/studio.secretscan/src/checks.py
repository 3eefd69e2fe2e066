"""What tells a secret from something that only looks like one: checksums, shapes, entropy, words."""

import base64
import binascii
import json
import math
import re
import zlib
from collections import Counter
from typing import Any

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PLACEHOLDER = re.compile(
    r"example|change.?me|placeholder|your[-_ ]|dummy|sample|redacted|insert|replace|todo|fixme|foobar"
    r"|xxxx|\*\*\*|\.\.\.|…|<[^>]*>|\$\{|\$\(|\{\{|%\(|(?:^|[^A-Za-z0-9])%s|process\.env|os\.environ|getenv|secrets\."
    r"|0123456789|123456|abcdef|qwerty|hunter2|lorem|test[-_]?(?:key|token|secret|pass)|fake|mock|not[-_]a|\[\w-\w|\{\d+,",
    re.IGNORECASE,
)
#: Words with a sign between them, in any case, perhaps with a number at the end of one: written, not drawn.
_WORDS = re.compile(r"[-_./: ]?[A-Za-z]+\d{0,3}(?:[-_./: ]+[A-Za-z]+\d{0,3})*[-_./: ]?")
_OPENSSH = b"openssh-key-v1\0"
_DER_SEQUENCE = 0x30


def entropy(text: str) -> float:
    """Shannon's entropy of a text in bits for each character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts) if text else 0.0


def looks_made_up(value: str) -> bool:
    """Whether a value is a placeholder, a reference to the real one, or a pattern of the keyboard."""
    return _PLACEHOLDER.search(value) is not None or len(set(value)) < min(6, len(value))


def has_checksum(token: str) -> bool:
    """Whether the last six characters are the CRC-32 of the thirty before them, in base 62.

    GitHub's format since 2021, see https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/;
    npm's tokens have the same one.
    """
    body = token.rpartition("_")[2]
    return body[30:] == base62(zlib.crc32(body[:30].encode()))


def base62(number: int) -> str:
    """A number of 32 bits in six digits."""
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits


def decoded(text: str) -> bytes | None:
    """What a base64 text holds, in the common or the URL alphabet; None when it is none."""
    plain = re.sub(r"\s", "", text).replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def is_jwt(token: str) -> bool:
    """Whether header and claims of a token (RFC 7519) are objects and it is signed."""
    header, claims, signature = token.split(".")
    head = _object(header)
    algorithm = head.get("alg") if head else None
    signed = isinstance(algorithm, str) and algorithm.lower() != "none"
    return signed and _object(claims) is not None and decoded(signature) is not None


def jwt_expiry(token: str) -> float | None:
    """When a token ends, seconds since 1970; None when it says nothing."""
    expiry = (_object(token.split(".")[1]) or {}).get("exp")
    return float(expiry) if isinstance(expiry, int | float) else None


def is_private_key(block: str) -> bool:
    """Whether the body of a PEM block (RFC 7468) holds a key, not words about one."""
    lines = block.splitlines()[1:-1]
    body = "".join(line for line in lines if ":" not in line)  # headers of an encrypted key
    content = decoded(body)
    if content is None or len(content) < 32:
        return False
    encrypted = any(line.startswith("Proc-Type:") for line in lines)
    return encrypted or content[0] == _DER_SEQUENCE or content.startswith(_OPENSSH)


def is_storage_key(key: str) -> bool:
    """Whether a key has the 64 bytes of an Azure storage account's."""
    content = decoded(key)
    return content is not None and len(content) == 64 and entropy(key) > 4.5


def is_random(value: str) -> bool:
    """Whether a password or key looks drawn by chance rather than written."""
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]"))
    written = looks_made_up(value) or _WORDS.fullmatch(value)
    return not written and kinds >= 2 and entropy(value) >= _least_entropy(len(value))


def _least_entropy(length: int) -> float:
    # A short text cannot reach much: n characters have log2(n) bits each at most.
    return min(3.6, 0.78 * math.log2(length))


def _object(part: str) -> dict[str, Any] | None:
    content = decoded(part)
    try:
        value = json.loads(content) if content else None
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
