"""Checking a release's certificate: offline, against keys that one already trusts."""

import hashlib
from datetime import datetime
from pathlib import Path

from aei_inspection.certificates import Certificate, CertificateRefused, verify_certificate
from aei_inspection.signatures import KeyMalformed, PublicKey
from aei_sdk.errors import ProjectRefused, UsageRefused

#: Beside a package of this name lies its statement.
SUFFIX = ".certificate.json"


def statement_beside(package: Path) -> Path:
    """Where the statement of a package lies, unless another file is named."""
    return package.with_name(package.name + SUFFIX)


def read_file(path: Path, what: str) -> bytes:
    """A file whole.

    Raises:
        UsageRefused: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        advice = "Keep statement and key beside the package: aei verify ID --version VERSION --save DIR"
        raise UsageRefused(f"{what} cannot be read", str(error), advice=advice) from None


def digest_of(package: bytes) -> str:
    """SHA-256 of a package, in hexadecimal."""
    return hashlib.sha256(package).hexdigest()


def read_keys(*pems: bytes) -> list[PublicKey]:
    """Public keys of registries.

    Raises:
        UsageRefused: one is no such key.
    """
    try:
        return [PublicKey.from_pem(pem) for pem in pems]
    except KeyMalformed as error:
        raise UsageRefused("That is no key of a registry", str(error)) from None


def check(statement: bytes, sha256: str, keys: list[PublicKey], now: datetime) -> Certificate:
    """What the statement says of this package, if it stands for it now.

    Raises:
        ProjectRefused: it is forged, of another package, expired, or no certificate.
    """
    try:
        return verify_certificate(statement, sha256, keys, now)
    except CertificateRefused as refused:
        raise ProjectRefused(
            "The certificate does not stand for this package",
            f"{refused} ({refused.code})",
            advice="Do not rely on it. Look the release up: aei certification show ID VERSION",
        ) from None
