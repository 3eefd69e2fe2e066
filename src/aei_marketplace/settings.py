"""What an operator may decide: flags first, then `AEI_*` variables, then `aei.toml`, then defaults."""

import difflib
import hashlib
import os
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

Seed = Literal["demo", "none"]

#: A socket's path must fit into `sockaddr_un`, 108 bytes with its end.
SOCKET_PATH_BYTES = 100
_PREFIX = "AEI_"


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the source and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an operator may decide, checked.

    Attributes:
        data: the folder that holds all that lasts.
        runtime: a short folder for sockets; empty after a restart of the machine.
        host: the address that the web process listens on.
        port: its TCP port; 0 picks a free one.
        database_url: an external PostgreSQL, or None for the embedded one.
        seed: `demo` fills an empty marketplace with tenants, users and plugins.
        development_without_walls: execute even where the operating system's walls are missing.
        egress_hosts: hosts (`name` or `name:port`) that plugins may reach although they are not public.
        max_workers: at most so many sandbox workers; None lets the sandbox choose.
        aei_version: the AEI that this marketplace serves; decides compatibility.
        master_key_file: the key that seals secrets; None keeps one under `keys`.
        public_url: how callers reach this marketplace, where a proxy stands in front of it.
    """

    data: Path
    runtime: Path
    host: str = "127.0.0.1"
    port: int = 8420
    database_url: str | None = field(default=None, repr=False)
    seed: Seed = "demo"
    development_without_walls: bool = False
    egress_hosts: tuple[str, ...] = ()
    max_workers: int | None = None
    aei_version: str = "2.3.1"
    master_key_file: Path | None = None
    public_url: str | None = None

    @property
    def objects(self) -> Path:
        """The packages, addressed by their content."""
        return self.data / "objects"

    @property
    def artefacts(self) -> Path:
        """What the sandbox compiled."""
        return self.data / "artefacts"

    @property
    def keys(self) -> Path:
        """Keys and passwords, never part of a backup unless asked for."""
        return self.data / "keys"

    @property
    def run(self) -> Path:
        """What describes the running marketplace: its lock and its address."""
        return self.data / "run"

    @property
    def logs(self) -> Path:
        """One log for each process."""
        return self.data / "logs"

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL's own folder."""
        return self.data / "postgres"

    @property
    def build(self) -> Path:
        """Built example plugins, by content."""
        return self.data / "build"

    @property
    def database_secrets(self) -> Path:
        """The three database URLs with their passwords."""
        return self.keys / "database.json"

    @property
    def sandbox_socket(self) -> Path:
        """Where the sandbox host listens."""
        return self.runtime / "sandbox.sock"

    @property
    def postgres_sockets(self) -> Path:
        """The folder of the embedded PostgreSQL's socket."""
        return self.runtime / "pg"

    def environment(self) -> dict[str, str]:
        """The `AEI_*` variables from which another process loads these very settings."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {_variable(name): _as_text(value) for name, value in values.items() if value is not None}


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
    return settings


def default_data(environ: Mapping[str, str]) -> Path:
    """The data folder when nobody chose one: of the system for root, else of the user."""
    if os.geteuid() == 0:
        return Path("/var/lib/aei-marketplace")
    base = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "aei-marketplace"


def default_runtime(data: Path, environ: Mapping[str, str]) -> Path:
    """A short folder for sockets that belongs to one data folder."""
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    # A path with the user's id: another user's folder of the same data is no obstacle.
    return _runtime_base(environ) / f"aei-{os.geteuid()}-{digest}"


def _runtime_base(environ: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        # Root's XDG folder is closed to the user that PostgreSQL runs as.
        candidates = [Path("/run"), Path(tempfile.gettempdir())]
    else:
        candidates = [Path(environ.get("XDG_RUNTIME_DIR") or "/nonexistent"), Path(tempfile.gettempdir())]
    usable = (
        base for base in candidates if len(os.fsencode(base)) <= 50 and os.access(base, os.W_OK | os.X_OK)
    )
    return next(usable, Path("/tmp"))  # noqa: S108 the launcher refuses a folder that is not its own


def _from_flags(flags: Mapping[str, object]) -> dict[str, tuple[object, str]]:
    given = {name: value for name, value in flags.items() if value is not None}
    for name in given:
        _require_known(name, f"flag --{name.replace('_', '-')}")
    return {name: (value, f"flag --{name.replace('_', '-')}") for name, value in given.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {}
    for variable, text in environ.items():
        if not variable.startswith(_PREFIX):
            continue
        name = variable.removeprefix(_PREFIX).lower()
        if name in _PARSERS:
            found[name] = (text, f"environment variable {variable}")
        elif close := difflib.get_close_matches(name, _PARSERS, n=1, cutoff=0.75):
            # Other AEI programs have variables of their own; only what looks like a slip is refused.
            raise SettingsError(f"{variable} is not a setting; did you mean {_variable(close[0])}?")
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
    if name not in _PARSERS:
        close = difflib.get_close_matches(name, _PARSERS, n=1)
        advice = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(sorted(_PARSERS))}."
        raise SettingsError(f"{source}: `{name}` is not a setting; {advice}")


def _parsed(values: Mapping[str, tuple[object, str]]) -> dict[str, Any]:
    parsed = {}
    for name, (value, source) in values.items():
        try:
            parsed[name] = _PARSERS[name](value)
        except (ValueError, TypeError) as error:
            raise SettingsError(f"{source}: `{name}` {error}") from error
    return parsed


def _path(value: object) -> Path:
    text = str(value).strip()
    if not isinstance(value, str | Path) or not text:
        raise ValueError("must be a path.")
    return Path(text).expanduser().absolute()


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty.")
    return value.strip()


def _url(schemes: tuple[str, ...]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        text = _text(value)
        if not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
        return text.rstrip("/") if schemes[0].startswith("http") else text

    return parse


def _whole(least: int, most: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        text = str(value)
        if (
            isinstance(value, bool)
            or not text.isascii()
            or not text.isdigit()
            or not least <= int(text) <= most
        ):
            raise ValueError(f"must be a whole number from {least} to {most}, not {value!r}.")
        return int(text)

    return parse


def _truth(value: object) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    try:
        return words[str(value).lower()]
    except KeyError:
        raise ValueError(f"must be true or false, not {value!r}.") from None


def _seed(value: object) -> str:
    if value not in ("demo", "none"):
        raise ValueError(f"must be `demo` or `none`, not {value!r}.")
    return str(value)


def _hosts(value: object) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError("must be a list of hosts, as `name` or `name:port`.")
    hosts = tuple(item.strip() for item in items if item.strip())
    for host in hosts:
        if any(letter.isspace() or letter in "/@" for letter in host):
            raise ValueError(f"holds {host!r}, which is not a host; write `name` or `name:port`.")
    return hosts


def _version(value: object) -> str:
    parts = _text(value).split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"must be a version such as 2.3.1, not {value!r}.")
    return ".".join(parts)


_PARSERS: dict[str, Callable[[object], Any]] = {
    "data": _path,
    "runtime": _path,
    "host": _text,
    "port": _whole(0, 65535),
    "database_url": _url(("postgresql", "postgres")),
    "seed": _seed,
    "development_without_walls": _truth,
    "egress_hosts": _hosts,
    "max_workers": _whole(1, 1024),
    "aei_version": _version,
    "master_key_file": _path,
    "public_url": _url(("http", "https")),
}


def _variable(name: str) -> str:
    return f"{_PREFIX}{name.upper()}"


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_socket_length(settings: Settings) -> None:
    longest = settings.postgres_sockets / ".s.PGSQL.5432.lock"
    if len(os.fsencode(longest)) > SOCKET_PATH_BYTES:
        raise SettingsError(
            f"the runtime folder {settings.runtime} is too long for a socket; set AEI_RUNTIME to a short one."
        )
