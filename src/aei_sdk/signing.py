"""Where an author's signing key lies, and signing with it."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from aei_inspection.signatures import KeyMalformed, PrivateKey, sign_package
from aei_sdk.credentials import credentials_file
from aei_sdk.errors import AeiError, UsageRefused
from aei_sdk.gate import read_package


def key_file() -> Path:
    """`signing-key.pem` beside the stored credentials."""
    return credentials_file().with_name("signing-key.pem")


def make_key(path: Path) -> PrivateKey:
    """Make a key and store it for this user alone, its public half beside it as `NAME.pub`.

    Raises:
        UsageRefused: there is a file already; a key is never overwritten.
    """
    key = PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageRefused(
            f"{path} exists", "A signing key is never overwritten.", advice="Name another file: --out FILE"
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.pem())
    public_file(path).write_bytes(key.public.pem())
    return key


def public_file(path: Path) -> Path:
    """Where the public half of a key lies."""
    return path.with_name(f"{path.stem}.pub")


def read_key(path: Path, ask: Callable[[], str]) -> PrivateKey:
    """Read a private key.

    Args:
        ask: for the passphrase, if the file is locked by one.

    Raises:
        UsageRefused: there is no such file.
        AeiError: it holds no key that can sign packages.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageRefused(f"{path} cannot be read", str(error), advice="Make a key: aei key new") from None
    try:
        return PrivateKey.from_pem(content, ask().encode() if b"ENCRYPTED" in content else None)
    except KeyMalformed as error:
        raise AeiError(f"{path} cannot sign packages", str(error)) from None


def sign(content: bytes, key: PrivateKey) -> bytes:
    """The envelope over a package that the registry would take.

    Raises:
        ProjectRefused: it would not take the package.
    """
    manifest = read_package(content).manifest
    return sign_package(manifest.id, manifest.version, hashlib.sha256(content).hexdigest(), key)
