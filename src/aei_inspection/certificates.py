"""Certificates: what a registry says about a package after it was examined, checked by anybody, offline.

A certificate is a DSSE envelope (see `signatures`) around an in-toto Statement v1 whose subject is the
archive's SHA-256. Its predicate says under which policy the release was certified, which checks passed and
in which versions, how new the advisories were, and until when it holds. It does not say that the code does
no harm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aei_inspection.signatures import (
    STATEMENT_TYPE,
    PrivateKey,
    PublicKey,
    SignatureRefused,
    digests_of,
    open_statement,
    seal_statement,
)

#: A name, not an address: nothing is fetched from it.
PREDICATE_TYPE = "urn:aei:attestation:certification:v1"


class CertificateRefused(Exception):
    """The certificate does not stand for this package now.

    Attributes:
        code: stable, for programs: those of `SignatureRefused`, and `certificate_type`,
            `certificate_malformed` or `certificate_expired`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says.

    Attributes:
        sha256: of the archive, in hexadecimal.
        policy: `number` and `digest` of the policy that the release met.
        checks: `id`, `version` and `result` of each check, and how many of its findings are `waived`.
        scanner: programs and libraries that had a part in the scan, name to version.
        advisories_at: how new the database of advisories was; None when there was none.
        inspected: `source`, or `extracted` where only what was found inside the component was read.
        decided: `automatic` where the policy decided by itself, else `certifier`.
    """

    id: str
    plugin_id: str
    version: str
    sha256: str
    policy: Mapping[str, Any]
    checks: Sequence[Mapping[str, Any]]
    scanner: Mapping[str, str]
    advisories_at: datetime | None
    inspected: str
    decided: str
    issued_at: datetime
    expires_at: datetime


def sign_certificate(certificate: Certificate, key: PrivateKey) -> bytes:
    """A DSSE envelope with everything that the certificate says."""
    at = certificate.advisories_at
    return seal_statement(
        {
            "_type": STATEMENT_TYPE,
            "subject": [
                {
                    "name": f"{certificate.plugin_id}-{certificate.version}.aeiplugin",
                    "digest": {"sha256": certificate.sha256},
                }
            ],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "id": certificate.id,
                "plugin": certificate.plugin_id,
                "version": certificate.version,
                "policy": dict(certificate.policy),
                "checks": [dict(check) for check in certificate.checks],
                "scanner": dict(certificate.scanner),
                "advisories_at": None if at is None else at.isoformat(),
                "inspected": certificate.inspected,
                "decided": certificate.decided,
                "issued_at": certificate.issued_at.isoformat(),
                "expires_at": certificate.expires_at.isoformat(),
            },
        },
        key,
    )


def verify_certificate(envelope: bytes, sha256: str, keys: Sequence[PublicKey], now: datetime) -> Certificate:
    """Check that a certificate stands for a package, now.

    Args:
        sha256: of the archive, in hexadecimal.
        keys: of registries that are trusted.
        now: with a time zone.

    Raises:
        CertificateRefused: it does not; its code says why.
    """
    try:
        statement, _ = open_statement(envelope, keys)
        digests = digests_of(statement)
    except SignatureRefused as refused:
        raise CertificateRefused(refused.code, str(refused)) from refused
    if statement.get("predicateType") != PREDICATE_TYPE:
        raise CertificateRefused("certificate_type", "What is signed is no certificate of a release.")
    if sha256 not in digests:
        raise CertificateRefused("signature_other_package", "The certificate is of another package.")
    certificate = _read(statement.get("predicate"), sha256)
    if now >= certificate.expires_at:
        raise CertificateRefused(
            "certificate_expired", f"It expired at {certificate.expires_at:%Y-%m-%d %H:%M} UTC."
        )
    return certificate


def _read(predicate: object, sha256: str) -> Certificate:
    try:
        said = dict(predicate)  # type: ignore[call-overload]  # whatever is no object raises here
        at = said["advisories_at"]
        return Certificate(
            id=_text(said["id"]),
            plugin_id=_text(said["plugin"]),
            version=_text(said["version"]),
            sha256=sha256,
            policy=dict(said["policy"]),
            checks=[dict(check) for check in said["checks"]],
            scanner=dict(said["scanner"]),
            advisories_at=None if at is None else _moment(at),
            inspected=_text(said["inspected"]),
            decided=_text(said["decided"]),
            issued_at=_moment(said["issued_at"]),
            expires_at=_moment(said["expires_at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CertificateRefused(
            "certificate_malformed", "The certificate leaves out what one has to say."
        ) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment
