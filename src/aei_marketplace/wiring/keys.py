"""The keys that a process reads from its folder of keys; those that it makes are made once, 0600."""

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from aei_inspection.notes import SigningKey, VerifyingKey
from aei_inspection.signatures import PrivateKey
from aei_marketplace.adapters.master_key_files import MasterKeyFiles
from aei_marketplace.ground.master_keys import MasterKey
from aei_marketplace.settings import Settings


def read_release_log_key(settings: Settings) -> SigningKey:
    """The key that signs the public log of releases; made on first use, 0600.

    Raises:
        NoteMalformed: the file does not hold such a key.
    """
    return _read_log_key(settings, "release-log.key", "releases")


def release_log_verifying_key(settings: Settings) -> VerifyingKey | None:
    """The public half of the key that signs the log of releases; None before there is one.

    Raises:
        NoteMalformed: the file does not hold such a key.
    """
    there = (settings.keys / "release-log.key").exists()
    return read_release_log_key(settings).verifying if there else None


def read_kill_list_key(settings: Settings) -> SigningKey:
    """The key that signs the kill list; made on first use, 0600.

    Raises:
        NoteMalformed: the file does not hold such a key.
    """
    return _read_log_key(settings, "kill-list.key", "kill-list")


def read_certification_key(settings: Settings) -> PrivateKey:
    """The key that signs the statements of certified releases; made on first use, 0600.

    Raises:
        KeyMalformed: the file does not hold such a key.
    """
    path = settings.keys / "certification.key"
    if not path.exists():
        _make_key(path, PrivateKey.generate().pem())
    return PrivateKey.from_pem(path.read_bytes())


def read_audit_log_key(settings: Settings) -> SigningKey:
    """The key that signs the audit log; made on first use, 0600.

    Raises:
        NoteMalformed: the file does not hold such a key.
    """
    key = _read_log_key(settings, "audit-log.key", "audit")
    if key.verifying not in audit_log_keys(settings):
        with os.fdopen(
            os.open(_known_keys(settings), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a"
        ) as file:
            file.write(key.verifying.text() + "\n")
    return key


def audit_log_keys(settings: Settings) -> tuple[VerifyingKey, ...]:
    """Every key that the audit log was ever signed with, oldest first: their public halves.

    Raises:
        NoteMalformed: the file holds something else.
    """
    path = _known_keys(settings)
    lines = path.read_text("utf-8").split() if path.exists() else []
    return tuple(VerifyingKey.parse(line) for line in lines)


def _known_keys(settings: Settings) -> Path:
    return settings.keys / "audit-log.vkeys"


def master_key_files(settings: Settings) -> MasterKeyFiles:
    """The files of the keys that wrap the tenants' data keys."""
    return MasterKeyFiles(settings.master_key_file or settings.keys / "master.key")


def read_master_key(settings: Settings) -> MasterKey:
    """The key that wraps the tenants' data keys; made on first use, 0600.

    Raises:
        ValueError: a file does not hold 32 bytes.
    """
    files = master_key_files(settings)
    if settings.master_key_file is None and not files.path.exists():
        files.make()
    return MasterKey.kept(files.read)


def _read_log_key(settings: Settings, file: str, log: str) -> SigningKey:
    """A log's or list's key. Its name is the origin and stays when the address changes: clients pinned it."""
    path = settings.keys / file
    if not path.exists():
        where = urlsplit(settings.public_url).netloc if settings.public_url else ""
        name = f"{where or f'aei-marketplace-{secrets.token_hex(4)}'}/{log}"
        _make_key(path, SigningKey.generate(name).text().encode())
    return SigningKey.parse(path.read_text("utf-8").strip())


def _make_key(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.touch(mode=0o600)
    half.write_bytes(content)
    try:
        os.link(half, path)  # of two processes that start together, one makes the key
    except FileExistsError:
        return
    finally:
        half.unlink()
