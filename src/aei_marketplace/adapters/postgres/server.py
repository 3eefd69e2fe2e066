"""An embedded PostgreSQL: its cluster in the data folder, its process our child, its door a unix socket."""

import fcntl
import signal
import subprocess
import time
from pathlib import Path
from typing import IO
from urllib.parse import quote

from aei_marketplace.adapters.child_process import Account, dies_with_parent, unprivileged_account
from aei_marketplace.adapters.postgres.binaries import Binaries, find_binaries
from aei_marketplace.adapters.postgres.cluster import (
    HERE,
    SUPERUSER,
    make_cluster,
    own_folder,
    recorded_major,
    require_passable,
    server_environment,
)
from aei_marketplace.adapters.postgres.errors import PostgresError
from aei_marketplace.adapters.postgres.predecessor import end_predecessor, recorded_lines

_READY_SECONDS = 120.0
_POLL_SECONDS = 0.01
_LOG_TAIL_BYTES = 4000
_STOP_SECONDS = {signal.SIGINT: 20.0, signal.SIGQUIT: 10.0, signal.SIGKILL: 10.0}
# A crashed predecessor's backends hold its shared memory for a moment longer than it lived itself.
_ATTEMPTS = 4
_SHARED_MEMORY_IN_USE = "shared memory block"
_RETRY_SECONDS = 0.5

# Small while idle: a marketplace shares its machine with what it serves.
_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "max_wal_size": "256MB",
    "jit": "off",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "logging_collector": "off",
}


class EmbeddedPostgres:
    """One cluster and the server that runs in it.

    Attributes:
        process: the running server, None before `start` and after `stop`.
    """

    def __init__(
        self, folder: Path, sockets: Path, password_file: Path, log: Path, *, durable: bool = True
    ) -> None:
        """Describe a server; nothing is touched yet.

        Args:
            folder: holds the cluster, its lock and root's copy of the programs.
            sockets: the folder of the unix socket; its path at most 80 bytes.
            password_file: keeps the superuser's password, 0600.
            log: what the server writes, appended.
            durable: False gives up fsync, for tests only.
        """
        self.cluster = folder / "cluster"
        self.process: subprocess.Popen[bytes] | None = None
        self._folder, self._sockets, self._password_file, self._log = folder, sockets, password_file, log
        self._durable = durable
        self._lock: IO[str] | None = None

    @property
    def admin_url(self) -> str:
        """The superuser's libpq URL.

        Raises:
            PostgresError: the password cannot be read; it is made by the first start.
        """
        try:
            password = self._password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise PostgresError(f"The database superuser's password cannot be read: {error}") from error
        return f"postgresql://{SUPERUSER}:{password}@/postgres?host={quote(str(self._sockets), safe='/')}"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server, after making the cluster where there is none, and wait until it answers.

        Call it from the main thread: the server ends when the starting thread does.

        Raises:
            PostgresError: no usable programs, another major version, a cluster in use, or no readiness
                within two minutes; the message ends with the log's last lines.
        """
        account = unprivileged_account()
        self._folder.mkdir(parents=True, exist_ok=True)
        # Root's server runs as another user, who must pass this folder and see nothing in it.
        self._folder.chmod(0o711 if account else 0o700)
        self._take_lock()
        try:
            binaries = find_binaries(account, self._folder, major=recorded_major(self.cluster))
            require_passable(self._folder, binaries, account)
            make_cluster(self.cluster, binaries, account, self._password_file, durable=self._durable)
            own_folder(self._sockets, account)
            end_predecessor(self.cluster)
            self.process = self._start_until_ready(binaries, account)
        except BaseException:
            self._release_lock()
            raise
        return self.process

    def stop(self, hurry: bool = False) -> None:
        """End the server, which rolls back what is open.

        Args:
            hurry: leave the last checkpoint to the next start.
        """
        # Kept aside: an impatient second call may run while the first one waits.
        process = self.process
        if process is not None:
            _end(process, hurry)
            self.process = None
        self._release_lock()

    def _take_lock(self) -> None:
        lock = (self._folder / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise PostgresError(
                f"The database in {self._folder} is already run by another process. "
                "Stop that one first, or choose another data folder."
            ) from error
        self._lock = lock

    def _release_lock(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def _start_until_ready(self, binaries: Binaries, account: Account | None) -> subprocess.Popen[bytes]:
        for attempt in range(1, _ATTEMPTS + 1):
            process = self._spawn(binaries, account)
            try:
                if self._becomes_ready(process):
                    return process
            except BaseException:
                _end(process, hurry=True)
                raise
            if attempt == _ATTEMPTS or _SHARED_MEMORY_IN_USE not in self._log_tail():
                break
            time.sleep(_RETRY_SECONDS)
        raise PostgresError(f"PostgreSQL did not start. The end of {self._log}:\n{self._log_tail()}")

    def _spawn(self, binaries: Binaries, account: Account | None) -> subprocess.Popen[bytes]:
        options = _OPTIONS | {"unix_socket_directories": str(self._sockets)}
        if binaries.major >= 18:
            options["io_method"] = "sync"  # its three idle workers would cost more than they give here
        if not self._durable:
            options |= {"fsync": "off", "full_page_writes": "off"}
        flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            return subprocess.Popen(  # type: ignore[call-overload, no-any-return]  # the identity is optional
                [binaries.postgres, "-D", HERE, *flags],
                cwd=self.cluster,
                env=server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Its own group: Ctrl-C in a terminal ends it in its turn, not first.
                process_group=0,
                preexec_fn=dies_with_parent(signal.SIGQUIT),
                **(account.popen() if account else {}),
            )

    def _becomes_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait for the state that the server itself writes into the eighth line of its pid file."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                return False
            lines = recorded_lines(self.cluster / "postmaster.pid")
            if len(lines) >= 8 and lines[0].strip() == str(process.pid) and lines[7].strip() == "ready":
                return True
            time.sleep(_POLL_SECONDS)
        _end(process, hurry=True)
        return False

    def _log_tail(self) -> str:
        with self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - _LOG_TAIL_BYTES))
            return log.read().decode(errors="replace").strip()


def _end(process: subprocess.Popen[bytes], hurry: bool) -> None:
    for ending, seconds in _STOP_SECONDS.items():
        if hurry and ending is signal.SIGINT:
            continue
        process.send_signal(ending)
        try:
            process.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            continue
