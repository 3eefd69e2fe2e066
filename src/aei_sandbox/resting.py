"""Workers that serve nobody, kept for their key."""

import time
from collections import deque
from collections.abc import Iterator

from aei_sandbox.worker import Key, State, Worker


class Resting:
    """Idle workers by their key, those of a key in the order in which they came to rest."""

    def __init__(self) -> None:
        self._of: dict[Key, deque[Worker]] = {}

    def __iter__(self) -> Iterator[Worker]:
        return iter([worker for resting in self._of.values() for worker in resting])

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def __contains__(self, worker: Worker) -> bool:
        return worker in self._of.get(worker.key, ())

    def add(self, worker: Worker) -> None:
        """Let a worker rest from now on."""
        worker.idle_since = time.monotonic()
        self._of.setdefault(worker.key, deque()).append(worker)

    def take(self, key: Key, memory_bytes: int) -> Worker | None:
        """The worker of a key used last: its pages are warm, and the others come to rest.

        One that is not sound, or may not use this much memory, is ended.
        """
        while resting := self._of.get(key):
            worker = resting[-1]
            sound = worker.state is State.IDLE and not worker.retired
            if sound and worker.memory_bytes >= memory_bytes:
                self._remove(worker)
                return worker
            self.end(worker)
        return None

    def end(self, worker: Worker) -> None:
        """End one of these workers."""
        self._remove(worker)
        worker.kill()

    def _remove(self, worker: Worker) -> None:
        self._of[worker.key].remove(worker)
        if not self._of[worker.key]:
            del self._of[worker.key]
