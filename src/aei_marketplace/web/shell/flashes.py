"""One sentence that survives one redirect: what the form just did."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import asdict, dataclass
from typing import Literal

import msgspec
from fastapi import Request, Response

from aei_marketplace.web.requests import deps_of

COOKIE = "aei_flash"
_LABEL = b"aei flash"
Meaning = Literal["ok", "note", "warn", "danger"]


@dataclass(frozen=True, slots=True)
class Flash:
    """What is said, and how it is meant."""

    text: str
    meaning: Meaning = "ok"


def leave_flash(request: Request, response: Response, flash: Flash) -> None:
    """Have the next page say it. The cookie is signed: nobody else puts words into our mouth."""
    body = base64.urlsafe_b64encode(msgspec.json.encode(asdict(flash))).decode()
    value = f"{body}.{_mac(request, body)}"
    response.set_cookie(
        COOKIE, value, max_age=60, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )


def take_flash(request: Request) -> Flash | None:
    """What the page before left to be said."""
    body, _, mac = request.cookies.get(COOKIE, "").partition(".")
    if not body or not hmac.compare_digest(mac.encode(), _mac(request, body).encode()):
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(body), type=Flash)
    except (binascii.Error, msgspec.DecodeError):
        return None


def _mac(request: Request, body: str) -> str:
    key = hmac.digest(deps_of(request).master_key, _LABEL, hashlib.sha256)
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
