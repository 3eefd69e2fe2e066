"""The master key, and those before it for as long as something needs them."""

import hmac
from collections.abc import Callable, Iterator


class MasterKey(bytes):
    """The present master key, which also knows where its predecessors and its successor lie.

    It is bytes, so whoever seals needs to know no more. A process may outlive the key that it started
    with: what opens with none of the keys that it knows makes it look again.
    """

    _read: Callable[[], tuple[bytes, ...]]
    _others: tuple[bytes, ...]

    @classmethod
    def kept(cls, read: Callable[[], tuple[bytes, ...]]) -> "MasterKey":
        """The key as it is now.

        Args:
            read: gives all keys as they lie there, the present one first; 32 bytes each.
        """
        present, *others = read()
        key = cls(present)
        key._read, key._others = read, tuple(others)
        return key

    def present(self) -> bytes:
        """The key that is the present one by now."""
        return self._read()[0]

    def candidates(self) -> Iterator[bytes]:
        """Keys to try, the likeliest first; where the known ones are not enough, those of now."""
        known = (bytes(self), *self._others)
        yield from known
        found = self._read()
        self._others = tuple(key for key in (*found, *known[1:]) if key != self)
        yield from (key for key in found if key not in known)


def candidates(master_key: bytes) -> Iterator[bytes]:
    """The keys that may have sealed something, the likeliest first."""
    return master_key.candidates() if isinstance(master_key, MasterKey) else iter((master_key,))


def present(master_key: bytes) -> bytes:
    """The key that new data keys are wrapped with."""
    return master_key.present() if isinstance(master_key, MasterKey) else master_key


def fingerprint(key: bytes) -> str:
    """What names a key without showing anything of it: 16 hexadecimal digits."""
    return hmac.digest(key, b"aei-master-key-fingerprint/1", "sha256").hex()[:16]
