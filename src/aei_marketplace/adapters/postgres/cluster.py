"""Making a cluster, PostgreSQL's data directory, once and whole."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from aei_marketplace.adapters.child_process import Account, dies_with_parent
from aei_marketplace.adapters.postgres.binaries import Binaries
from aei_marketplace.adapters.postgres.errors import PostgresError

SUPERUSER = "aei_admin"
#: PostgreSQL is started inside its cluster and told so, not by path: as another user than root it
#: could not pass a closed folder above, and this link needs no passing.
HERE = "/proc/self/cwd"
# Sorted by code point, so the same on every machine; the second where libc lacks the first.
_LOCALES = ("C.UTF-8", "C")
_INITDB_SECONDS = 300
# Older ones leave their folder for a moment while they start, and come back by its path.
_NEEDS_NO_PATH = 16


def recorded_major(cluster: Path) -> int | None:
    """The major version that wrote this cluster, or None when there is none yet."""
    try:
        return int((cluster / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


def require_passable(folder: Path, binaries: Binaries, account: Account | None) -> None:
    """Refuse a folder that the server's account must enter by its path and cannot.

    Raises:
        PostgresError: with what to do.
    """
    if account is None or binaries.major >= _NEEDS_NO_PATH:
        return
    entered = subprocess.run(
        ["/bin/sh", "-c", 'cd "$0"', folder], check=False, capture_output=True, **account.popen()
    )  # type: ignore[call-overload]  # built from a dict
    if entered.returncode != 0:
        raise PostgresError(
            f"PostgreSQL {binaries.major} runs as the user `{account.name}`, who cannot enter {folder}. "
            f"Choose a data folder that others may pass, or install PostgreSQL {_NEEDS_NO_PATH} or newer."
        )


def make_cluster(
    cluster: Path, binaries: Binaries, account: Account | None, password_file: Path, *, durable: bool
) -> None:
    """Make a cluster unless it exists. Interrupted, it leaves nothing that looks like one.

    Raises:
        PostgresError: initdb failed; the message holds what it said.
    """
    if cluster.exists():
        return
    password = _superuser_password(password_file)
    workplace = cluster.with_suffix(".partial")
    problem = ""
    for locale in _LOCALES:
        shutil.rmtree(workplace, ignore_errors=True)
        half = workplace / "cluster"
        own_folder(workplace, account)
        own_folder(half, account)
        answer = _initdb(half, binaries, account, password, locale, durable)
        if answer.returncode == 0:
            half.rename(cluster)
            shutil.rmtree(workplace)
            return
        problem = answer.stderr.strip() or answer.stdout.strip()
    raise PostgresError(f"The database could not be made in {cluster}:\n{problem}")


def own_folder(folder: Path, account: Account | None) -> None:
    """Make a folder that only the server's account can enter."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(folder, account.uid, account.gid)


def _initdb(
    half: Path, binaries: Binaries, account: Account | None, password: str, locale: str, durable: bool
) -> subprocess.CompletedProcess[str]:
    # initdb reads the password as the server's account, and wants the cluster's own folder empty.
    beside = half.parent / "password"
    beside.write_text(password, encoding="utf-8")
    if account:
        os.chown(beside, account.uid, account.gid)
    beside.chmod(0o600)
    command = [
        str(binaries.initdb),
        f"--pgdata={HERE}",
        f"--username={SUPERUSER}",
        f"--pwfile={HERE}/../{beside.name}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        f"--locale={locale}",
        "--data-checksums",
        "--no-instructions",
        *([] if durable else ["--no-sync"]),
    ]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]  # the identity is optional
        command,
        cwd=half,
        env=server_environment(),
        capture_output=True,
        text=True,
        timeout=_INITDB_SECONDS,
        check=False,
        preexec_fn=dies_with_parent(),
        **(account.popen() if account else {}),
    )


def server_environment() -> dict[str, str]:
    """What PostgreSQL's programs get to see: no `PG*` of the caller, no secrets."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _superuser_password(password_file: Path) -> str:
    try:
        return password_file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        password = secrets.token_urlsafe(32)
        password_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = password_file.with_suffix(".partial")
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
        half.rename(password_file)
        return password
