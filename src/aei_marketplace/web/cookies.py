"""The two cookies that prove something: the session's, and that of a sign-in under way.

Over https their names begin with `__Host-`: browsers then take them from this very host only, over https
only, and for all of its paths (RFC 6265bis, 4.1.3.2), so that no neighbouring host can plant one.
"""

from datetime import datetime

from fastapi import Request, Response

from aei_marketplace.ground.sign_in import Visit

SESSION, SIGN_IN = "aei_session", "aei_sign_in"
SIGN_IN_SECONDS = 600
_LONGEST = 100


def read_session(request: Request, origin: str) -> str | None:
    """The secret of the session's cookie, if one came."""
    return _read(request, SESSION, origin)


def read_sign_in(request: Request, origin: str) -> str | None:
    """The secret of the cookie of a sign-in under way, if one came."""
    return _read(request, SIGN_IN, origin)


def keep_session(response: Response, visit: Visit, secret: str, expires_at: datetime) -> None:
    """Have the browser keep a session until it expires; its sign-in is over."""
    _set(response, SESSION, visit.origin, secret, expires_at)
    forget_sign_in(response, visit)


def keep_sign_in(response: Response, visit: Visit, secret: str) -> None:
    """Have the browser keep a sign-in under way, for ten minutes."""
    _set(response, SIGN_IN, visit.origin, secret, SIGN_IN_SECONDS)


def forget_session(response: Response, visit: Visit) -> None:
    """Have the browser forget the session."""
    _set(response, SESSION, visit.origin, "", 0)


def forget_sign_in(response: Response, visit: Visit) -> None:
    """Have the browser forget the sign-in under way."""
    _set(response, SIGN_IN, visit.origin, "", 0)


def _read(request: Request, name: str, origin: str) -> str | None:
    secret = request.cookies.get(_name(name, origin))
    return secret if secret and len(secret) <= _LONGEST else None


def _set(response: Response, name: str, origin: str, value: str, until: datetime | int) -> None:
    age = {"max_age": until} if isinstance(until, int) else {"expires": until}
    # Lax and not Strict: who follows a link from a mail, or comes back from a provider, is signed in.
    response.set_cookie(
        _name(name, origin),
        value,
        path="/",
        httponly=True,
        samesite="lax",
        secure=_is_secure(origin),
        **age,
    )


def _name(name: str, origin: str) -> str:
    return f"__Host-{name}" if _is_secure(origin) else name


def _is_secure(origin: str) -> bool:
    return origin.startswith("https://")
