"""A long-running child of the launcher: started, watched and ended by it."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from aei_marketplace.adapters.child_process import dies_with_parent
from aei_marketplace.launcher.logs import open_log

_GRACE_SECONDS = 10.0


class Program:
    """One command that should always run.

    Attributes:
        process: the running child, None before the first start and after `stop`.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        descriptors: Sequence[int] = (),
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        """Describe the child.

        Args:
            command: the program and its arguments.
            environment: all that it sees of ours.
            log: where its output is appended.
            descriptors: open files that it inherits under the same numbers.
            grace_seconds: how long it may take to end itself.
        """
        self.process: subprocess.Popen[bytes] | None = None
        self._command, self._environment, self._log = list(command), dict(environment), log
        self._descriptors, self._grace_seconds = tuple(descriptors), grace_seconds

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; from the main thread, whose end it shares."""
        with open_log(self._log) as output:
            self.process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=self._descriptors,
                # Its own group: Ctrl-C in a terminal reaches the launcher alone, which ends all in order.
                process_group=0,
                preexec_fn=dies_with_parent(),
            )
        return self.process

    def stop(self, hurry: bool = False) -> None:
        """Ask it to end, insist when it does not.

        Args:
            hurry: insist at once.
        """
        # Kept aside: an impatient second call may run while the first one waits.
        process = self.process
        if process is None:
            return
        for ending, seconds in ((signal.SIGTERM, self._grace_seconds), (signal.SIGKILL, None)):
            if hurry and ending is signal.SIGTERM:
                continue
            process.send_signal(ending)
            try:
                process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        self.process = None
