"""The token that shows that a session's request was written by our own page.

It is made from the session's secret, which neither scripts nor other sites can read, and changes with it.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs

from fastapi import Request

from aei_marketplace.web.cookies import read_session
from aei_marketplace.web.visits import ForgedRequest, origin_of

FIELD, HEADER = "csrf_token", "x-csrf-token"
#: Forms with files carry a token for uploads alone in their address: it is read before the body is.
UPLOAD_FIELD = "upload_token"
#: A form beyond this is none of ours; what carries files sends the header.
LARGEST_FORM = 256 * 1024
MOST_FIELDS = 500


def csrf_token(request: Request) -> str:
    """What the forms of this page carry; empty while nobody is signed in."""
    secret = read_session(request, origin_of(request))
    return token_for(secret) if secret else ""


def token_for(secret: str) -> str:
    """The token of a session: 43 letters."""
    digest = hmac.new(secret.encode(), b"aei-csrf/1", hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def upload_token(request: Request) -> str:
    """What the address of an upload carries; good for nothing but forms with files."""
    secret = read_session(request, origin_of(request))
    return upload_token_for(secret) if secret else ""


def upload_token_for(secret: str) -> str:
    """The session's token for uploads: 43 letters."""
    digest = hmac.new(secret.encode(), b"aei-csrf-upload/1", hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


async def check_csrf(request: Request, secret: str) -> None:
    """Refuse a request that does not carry its session's token.

    Raises:
        ForgedRequest: it carries none, or another one.
    """
    sent, due = request.headers.get(HEADER, ""), token_for(secret)
    if not sent and _media_type(request) == "multipart/form-data":
        sent, due = request.query_params.get(UPLOAD_FIELD, ""), upload_token_for(secret)
    elif not sent:
        sent = await _field(request)
    if not hmac.compare_digest(sent.encode(), due.encode()):
        raise ForgedRequest("The request does not carry the token of its session.")


async def _field(request: Request) -> str:
    announced = request.headers.get("content-length", "")
    if (
        _media_type(request) != "application/x-www-form-urlencoded"
        or not announced.isdigit()
        or int(announced) > LARGEST_FORM
    ):
        return ""
    body = await request.body()
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=MOST_FIELDS)
    except ValueError:
        return ""
    return fields.get(FIELD, [""])[-1]


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
