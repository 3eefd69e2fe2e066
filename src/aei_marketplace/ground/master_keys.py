"""The master keys: the present one, and those before it for as long as something needs them."""

import hmac
import time
from collections.abc import Callable

#: How long a process may go on with keys that it read before.
_FRESH_SECONDS = 5.0


class MasterKeys:
    """The keys that the operator keeps outside the database.

    A process that runs while the key is rotated meets values that are sealed with the new one, so the
    keys are read again now and then.
    """

    def __init__(
        self, read: Callable[[], tuple[bytes, ...]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Read the keys for the first time.

        Args:
            read: gives the keys as they lie there, the present one first; 32 bytes each.
        """
        self._read, self._clock = read, clock
        self._keys, self._read_at = read(), clock()

    @classmethod
    def of(cls, *keys: bytes) -> "MasterKeys":
        """Keys that do not change."""
        return cls(lambda: keys)

    @property
    def all(self) -> tuple[bytes, ...]:
        """Every key, the present one first."""
        if self._clock() - self._read_at >= _FRESH_SECONDS:
            self.read_again()
        return self._keys

    @property
    def present(self) -> bytes:
        """The key that new values are sealed with."""
        return self.all[0]

    def read_again(self) -> tuple[bytes, ...]:
        """Every key as it lies there now."""
        self._keys, self._read_at = self._read(), self._clock()
        return self._keys


def fingerprint(key: bytes) -> str:
    """What names a key without showing anything of it: 16 hexadecimal digits."""
    return hmac.digest(key, b"aei-master-key-fingerprint/1", "sha256").hex()[:16]
