"""Asking for one link and judging the answer."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import aei

MOST_REDIRECTS = 5

#: Answers to HEAD that only say that the server does not like HEAD.
ASK_AGAIN = frozenset({400, 403, 404, 405, 501})


@dataclass(frozen=True)
class Verdict:
    """How a link fared; `status` is the last answer's, `final_url` where redirects led."""

    url: str
    state: str
    detail: str
    status: int | None = None
    final_url: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields that hold something."""
        return {name: value for name, value in vars(self).items() if value is not None}


def check(url: str, agent: str) -> Verdict:
    """Ask for a link, following redirects; every host on the way must be granted."""
    if urlsplit(url).scheme not in ("http", "https"):
        kind = urlsplit(url).scheme or "relative"
        return Verdict(url, "skipped", f"{kind} links are not fetched")
    try:
        return _follow(url, agent)
    except aei.Denied as error:
        return Verdict(url, "denied", str(error))
    except aei.TooLarge:
        return Verdict(url, "ok", "answered with a document too large to receive")
    except aei.HostError as error:
        return Verdict(url, "broken", f"{error.code}: {error}")


def _follow(url: str, agent: str) -> Verdict:
    at = url
    for _ in range(MOST_REDIRECTS + 1):
        response = _ask(at, agent)
        at = response.url or at
        if not (300 <= response.status < 400 and response.headers.get("location")):
            return _verdict(url, at, response.status)
        at = urljoin(at, response.headers["location"])
    return Verdict(url, "broken", f"more than {MOST_REDIRECTS} redirects", final_url=at)


def _ask(url: str, agent: str) -> "aei.http.Response":
    headers = {"user-agent": agent, "accept": "*/*"}
    response = aei.http.fetch(url, method="HEAD", headers=headers)
    return aei.http.fetch(url, headers=headers) if response.status in ASK_AGAIN else response


def _verdict(url: str, at: str, status: int) -> Verdict:
    moved = at if _plain(at) != _plain(url) else None
    if status >= 400:
        return Verdict(url, "broken", f"the server answered {status}", status, moved)
    if moved:
        return Verdict(url, "redirected", f"leads to {moved}", status, moved)
    return Verdict(url, "ok", f"the server answered {status}", status)


def _plain(url: str) -> str:
    """Spelt so that an address equals itself with the slash that an empty path implies."""
    parts = urlsplit(url)
    return parts._replace(
        scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=parts.path or "/"
    ).geturl()
