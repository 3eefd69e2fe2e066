"""Reading the settings from the command line, the environment and `aei.toml`."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aei_marketplace.settings.model import Settings, variable_of
from aei_marketplace.settings.places import default_data, default_runtime
from aei_marketplace.settings.values import PARSERS

#: A socket's path must fit into `sockaddr_un`, 108 bytes with its end.
SOCKET_PATH_BYTES = 100
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_NAMES = {variable_of(name): name for name in PARSERS}


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the source and what to write instead."""


def load_settings(
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Settings:
    """Read the settings from all their sources.

    Args:
        flags: values given on the command line, by setting; None values count as not given.
        environ: the environment; only `AEI_*` and `XDG_*` variables are looked at.
        folder: the current folder, whose `aei.toml` is read after the data folder's.

    Raises:
        SettingsError: an unknown setting, or a value that cannot be used.
    """
    here = (folder or Path.cwd()) / "aei.toml"
    given = _from_flags(flags or {})
    variables = _from_environment(environ)
    local = _from_file(here)
    data = _parsed({**local, **variables, **given}).get("data") or default_data(environ)
    own = {} if data / "aei.toml" == here else _from_file(data / "aei.toml")
    if "data" in own:
        raise SettingsError(f"{data / 'aei.toml'}: `data` cannot be set inside the data folder; remove it.")
    values = _parsed({**local, **own, **variables, **given}) | {"data": data}
    values.setdefault("runtime", default_runtime(data, environ))
    settings = Settings(**values)
    _check_socket_length(settings)
    _check_mail(settings)
    _check_billing(settings)
    return settings


def _from_flags(flags: Mapping[str, object]) -> dict[str, tuple[object, str]]:
    given = {name: value for name, value in flags.items() if value is not None}
    for name in given:
        _require_known(name, f"flag --{name.replace('_', '-')}")
    return {name: (value, f"flag --{name.replace('_', '-')}") for name, value in given.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {}
    for variable, text in environ.items():
        if variable in _NAMES:
            found[_NAMES[variable]] = (text, f"environment variable {variable}")
        elif variable.startswith("AEI_") and (close := difflib.get_close_matches(variable, _NAMES, 1, 0.85)):
            # Other AEI programs have variables of their own; only what looks like a slip is refused.
            raise SettingsError(f"{variable} is not a setting; did you mean {close[0]}?")
    return found


def _from_file(path: Path) -> dict[str, tuple[object, str]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    for name in content:
        _require_known(name, str(path))
    return {name: (value, str(path)) for name, value in content.items()}


def _require_known(name: str, source: str) -> None:
    if name not in PARSERS:
        close = difflib.get_close_matches(name, PARSERS, n=1)
        advice = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(sorted(PARSERS))}."
        raise SettingsError(f"{source}: `{name}` is not a setting; {advice}")


def _parsed(values: Mapping[str, tuple[object, str]]) -> dict[str, Any]:
    parsed = {}
    for name, (value, source) in values.items():
        try:
            parsed[name] = PARSERS[name](value)
        except (ValueError, TypeError) as error:
            raise SettingsError(f"{source}: `{name}` {error}") from error
    return parsed


def _check_socket_length(settings: Settings) -> None:
    longest = settings.postgres_sockets / ".s.PGSQL.5432.lock"
    if len(os.fsencode(longest)) > SOCKET_PATH_BYTES:
        raise SettingsError(
            f"the runtime folder {settings.runtime} is too long for a socket; set AEI_RUNTIME to a short one."
        )


def _check_mail(settings: Settings) -> None:
    if (settings.smtp_user is None) != (settings.smtp_password_file is None):
        raise SettingsError("`smtp_user` and `smtp_password_file` belong together; set both or none.")
    host = (settings.smtp_server or "").rpartition(":")[0]
    if settings.smtp_user and settings.smtp_tls == "none" and host not in _LOOPBACK:
        raise SettingsError("`smtp_tls` is `none`: the mail server's password would travel in clear.")


def _check_billing(settings: Settings) -> None:
    if settings.billing_provider != "stripe":
        return
    if settings.stripe_key_file is None or settings.stripe_webhook_secret_file is None:
        raise SettingsError(
            "`billing_provider` is `stripe`: set `stripe_key_file` and `stripe_webhook_secret_file`."
        )
    host = urlsplit(settings.stripe_url or "https://").hostname
    if settings.stripe_url and settings.stripe_url.startswith("http://") and host not in _LOOPBACK:
        raise SettingsError("`stripe_url` is not https: the key would travel in clear.")
