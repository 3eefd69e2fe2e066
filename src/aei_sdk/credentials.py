"""Where the marketplace is and who the caller is: from the environment, or as `aei login` stored it."""

import json
import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aei_sdk.errors import AeiError

DEFAULT_URL = "http://127.0.0.1:8420"
URL, TOKEN = "AEI_URL", "AEI_TOKEN"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A marketplace's address and a token for it, None when nobody is signed in."""

    url: str
    token: str | None


def credentials_file(environment: Mapping[str, str] = os.environ) -> Path:
    """`aei/credentials.toml` in the user's configuration folder."""
    configured = environment.get("XDG_CONFIG_HOME")
    return (Path(configured) if configured else Path.home() / ".config") / "aei" / "credentials.toml"


def current_credentials(environment: Mapping[str, str] = os.environ) -> Credentials:
    """What the environment names, else what is stored, else the local default without a token.

    A stored token is sent to no other address than the one that it was stored with.

    Raises:
        AeiError: the stored file cannot be read.
    """
    stored = read_credentials(credentials_file(environment))
    url = environment.get(URL) or (stored.url if stored else DEFAULT_URL)
    token = environment.get(TOKEN) or (stored.token if stored and stored.url == url else None)
    return Credentials(url.rstrip("/"), token)


def read_credentials(path: Path) -> Credentials | None:
    """What is stored, None when nothing is.

    Raises:
        AeiError: the file is damaged.
    """
    try:
        stored = tomllib.loads(path.read_text("utf-8"))
        return Credentials(str(stored["url"]), str(stored["token"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError) as error:
        raise AeiError(
            f"{path} cannot be read", str(error), advice="Sign in again: aei logout, then aei login"
        ) from error


def store_credentials(path: Path, credentials: Credentials) -> None:
    """Store them for this user alone: the file is complete or absent, never readable by others."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = (f"url = {_quoted(credentials.url)}", f"token = {_quoted(credentials.token or '')}")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".credentials-")  # created with mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    Path(name).replace(path)


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are among those that TOML knows."""
    return json.dumps(text, ensure_ascii=False)
