"""Signatures of packages: the publishers' keys, checked at publishing and again at installing."""

import asyncio
import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_inspection.signatures import KeyMalformed, PublicKey, SignatureRefused, verify_package
from aei_marketplace.catalog.errors import (
    NoSignature,
    NoSuchSigningKey,
    SignatureBroken,
    SignatureNotAccepted,
    SignatureRequired,
    SigningKeyKnown,
    TooManySigningKeys,
)
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.catalog.service.members import require_whole_publisher
from aei_marketplace.catalog.service.namespaces import own_publisher
from aei_marketplace.catalog.service.reading import find_release
from aei_marketplace.catalog.store import publishers
from aei_marketplace.catalog.store import signing as store
from aei_marketplace.ground.at_once import AtOnce
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.work import Work
from aei_protocol.manifest import COMPONENT_NAME

MOST_KEYS = 50

#: Each check may hold a package and its component in memory.
_checks = AtOnce(2)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A publisher's key; a revoked one signs nothing new, and what it signed before stays signed."""

    id: str
    name: str
    public: PublicKey
    created_at: datetime
    revoked_at: datetime | None


async def add_signing_key(work: Work, name: str, pem: bytes) -> SigningKey:
    """Register a key for the publisher of the actor's tenant.

    Args:
        pem: an Ed25519 public key.

    Raises:
        NotInNamespace: some namespace is its members' alone, and the actor is no owner of it.
        Invalid: it is no such key.
        SigningKeyKnown: the publisher has it, perhaps revoked.
        TooManySigningKeys: the publisher has as many as are kept.
    """
    work.actor.require("plugin.publish")
    work.actor.require_recent_proof(work.now)
    await require_whole_publisher(work)
    key = _read_key(pem)
    publisher = await own_publisher(work)
    if await store.count_keys(work, publisher) >= MOST_KEYS:
        raise TooManySigningKeys(f"A publisher has at most {MOST_KEYS} keys.")
    if not await store.add_key(work, publisher, key.id, name, key.raw):
        raise SigningKeyKnown(f"The key {key.id} is registered.")
    work.record(Fact("signing_key.add", "signing_key", key.id, personal={"name": name}))
    return SigningKey(key.id, name, key, work.now, None)


async def list_signing_keys(work: Work) -> list[SigningKey]:
    """The keys of the publisher of the actor's tenant, the newest first."""
    publisher = await publishers.find_publisher(work, work.actor.in_tenant())
    return [] if publisher is None else await _keys(work, publisher)


async def revoke_signing_key(work: Work, key_id: str) -> None:
    """Have a key sign nothing new.

    Raises:
        NotInNamespace: some namespace is its members' alone, and the actor is no owner of it.
        NoSuchSigningKey: the publisher has none, or it is revoked.
    """
    work.actor.require("plugin.publish")
    await require_whole_publisher(work)
    if not await store.revoke_key(work, await own_publisher(work), key_id):
        raise NoSuchSigningKey("There is no such key that could still sign.")
    work.record(Fact("signing_key.revoke", "signing_key", key_id))


async def signatures_required(work: Work) -> bool:
    """Whether every new release of the actor's publisher must be signed."""
    publisher = await publishers.find_publisher(work, work.actor.in_tenant())
    return publisher is not None and await store.is_required(work, publisher)


async def require_signatures(work: Work, *, required: bool) -> None:
    """Decide whether every new release of the actor's publisher must be signed.

    Raises:
        NotInNamespace: some namespace is its members' alone, and the actor is no owner of it.
    """
    work.actor.require("plugin.publish")
    work.actor.require_recent_proof(work.now)
    await require_whole_publisher(work)
    publisher = await own_publisher(work)
    await store.set_required(work, publisher, required=required)
    work.record(Fact("publisher.sign", "publisher", str(publisher), context={"required": required}))


async def signer_of(work: Work, publisher: UUID | None, sha256: str, envelope: bytes | None) -> str | None:
    """The id of the key that signed a package which its publisher hands in; None when it is not signed.

    Args:
        publisher: None when the tenant has never published.

    Raises:
        SignatureRequired: the publisher signs everything, and this is not signed.
        SignatureNotAccepted: the signature does not stand for the package; the fault's code says why.
    """
    if envelope is None:
        if publisher is not None and await store.is_required(work, publisher):
            raise SignatureRequired("You decided that every release is signed, and this one is not.")
        return None
    keys = [] if publisher is None else await _keys(work, publisher)
    try:
        signer = verify_package(envelope, sha256, [key.public for key in keys])
    except SignatureRefused as refused:
        raise _not_accepted(refused.code, str(refused)) from refused
    if any(key.id == signer.id and key.revoked_at for key in keys):
        raise _not_accepted("signature_revoked_key", f"The key {signer.id} was revoked.")
    return signer.id


async def find_signature(work: Work, plugin_id: str, version: str) -> tuple[bytes, SigningKey]:
    """A release's envelope and the key that signed it.

    Raises:
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
        NoSignature: the release is not signed.
    """
    return await _signature(work, await find_release(work, plugin_id, version))


async def check_signed(deps: Deps, release: ReleaseView) -> None:
    """Check a signed release anew, from what is stored: envelope, key, package, component.

    Nothing to check in a release that was published without a signature.

    Raises:
        SignatureBroken: what would be installed is not what was signed.
    """
    if release.signer is None and not release.signed:
        return
    async with deps.works.system("catalog.check_signed") as work:
        envelope, key = await _signature(work, release)
    async with _checks:
        try:
            package = await deps.blobs.get(release.package_sha256)
        except KeyError as missing:
            raise SignatureBroken(f"The package of {_name(release)} is missing.") from missing
        await asyncio.to_thread(_check, release, package, envelope, key.public)


def _check(release: ReleaseView, package: bytes, envelope: bytes, key: PublicKey) -> None:
    sha256 = hashlib.sha256(package).hexdigest()
    try:
        verify_package(envelope, sha256, [key])
        component = zipfile.ZipFile(io.BytesIO(package)).read(COMPONENT_NAME)
    except SignatureRefused as refused:
        raise SignatureBroken(f"The signature of {_name(release)} does not hold: {refused}") from refused
    except (zipfile.BadZipFile, KeyError) as error:
        raise SignatureBroken(f"The package of {_name(release)} cannot be read.") from error
    if sha256 != release.package_sha256:
        raise SignatureBroken(f"The package of {_name(release)} is not the one that was published.")
    if hashlib.sha256(component).hexdigest() != release.component_sha256:
        raise SignatureBroken(f"The component of {_name(release)} is not the one in the signed package.")


async def _signature(work: Work, release: ReleaseView) -> tuple[bytes, SigningKey]:
    envelope = await store.envelope_of(work, release.release_id)
    keys = [key for key in await _keys(work, release.publisher_id) if key.id == release.signer]
    if envelope is None or not keys:
        if release.signed or release.signer is not None:
            raise SignatureBroken(f"The signature of {_name(release)}, or the key that made it, is gone.")
        raise NoSignature(f"{_name(release)} was published without a signature.")
    return envelope, keys[0]


async def _keys(work: Work, publisher: UUID) -> list[SigningKey]:
    return [_key(row) for row in await store.keys_of(work, publisher)]


def _key(row: Row[Any]) -> SigningKey:
    return SigningKey(row.id, row.name, PublicKey(row.public_key), row.created_at, row.revoked_at)


def _read_key(pem: bytes) -> PublicKey:
    try:
        return PublicKey.from_pem(pem)
    except KeyMalformed as error:
        raise Invalid("The key cannot be used.", faults=[Fault("/public_key", str(error))]) from error


def _not_accepted(code: str, message: str) -> SignatureNotAccepted:
    return SignatureNotAccepted(message, faults=[Fault("/signature", message, code)])


def _name(release: ReleaseView) -> str:
    return f"{release.plugin_id} {release.version}"
