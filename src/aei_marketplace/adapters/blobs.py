"""Packages and components in an object store, addressed by the sha256 of their content.

Objects lie under `ab/cd/<sha256>`. In a local folder each is written beside its place and linked
into it, then file and folders are flushed to the disk, because the store's library does not do
that; a cloud store does its own. A crash in between can leave an object damaged: what is put again
is compared, and written anew if it does not match its name.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore, from_url

from aei_marketplace.ground.durability import flush_to_disk
from aei_marketplace.ground.errors import Unavailable
from aei_protocol.identifiers import SHA256

_CLOUD = re.compile(r"(s3|s3a|gs|az|azure|abfs|abfss|adl|https?)://")
CHUNK = 1024 * 1024


class BlobDamaged(Unavailable):
    """An object's content does not match its name any more."""

    type = "blob-damaged"
    title = "A stored package is damaged"
    advice = "The operator can restore the object store from a backup, or have the package published again."
    retry = False


class ObjectStoreBlobs:
    """Blobs in any store that `obstore` opens."""

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        """Wrap an open store; `folder` is where a local one lies that shall be flushed with each object."""
        self._store = store
        self._folder = folder

    async def put(self, sha256: str, content: bytes) -> None:
        """Store content under its digest; storing it again changes nothing.

        Raises:
            ValueError: the content has another digest.
        """
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError(f"content to be stored as {sha256} has another digest")
        if await self._create(sha256, content):
            await self._flush(sha256)

    async def get(self, sha256: str) -> bytes:
        """The content, checked against its digest.

        Raises:
            KeyError: there is no such object.
            BlobDamaged: it is not what was stored.
        """
        return b"".join([chunk async for chunk in self.stream(sha256)])

    async def stream(self, sha256: str) -> AsyncIterator[bytes]:
        """The content in pieces of about 1 MiB; the last is given only when the digest matches.

        Raises:
            KeyError: there is no such object.
            BlobDamaged: it is not what was stored.
        """
        digest, held = hashlib.sha256(), b""
        async for chunk in await self._open(sha256):
            digest.update(chunk)
            if held:
                yield held
            held = bytes(chunk)
        if digest.hexdigest() != sha256:
            raise BlobDamaged(f"The object {sha256} has the digest {digest.hexdigest()}.")
        if held:
            yield held

    async def delete(self, sha256: str) -> None:
        """Remove an object; no error when it is gone."""
        try:
            await obstore.delete_async(self._store, _key(sha256))
        except FileNotFoundError:
            return

    async def _create(self, sha256: str, content: bytes) -> bool:
        """Write the object unless it stands there whole; whether anything was written."""
        key = _key(sha256)
        try:
            await obstore.put_async(self._store, key, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            if await self._is_whole(sha256):
                return False
            await obstore.put_async(self._store, key, content, mode="overwrite", use_multipart=False)
        return True

    async def _is_whole(self, sha256: str) -> bool:
        try:
            async for _ in self.stream(sha256):
                pass
        except BlobDamaged:
            return False
        return True

    async def _open(self, sha256: str) -> Any:
        try:
            found = await obstore.get_async(self._store, _key(sha256))
        except FileNotFoundError as error:
            raise KeyError(sha256) from error
        return found.stream(min_chunk_size=CHUNK)

    async def _flush(self, sha256: str) -> None:
        if self._folder is not None:
            await asyncio.to_thread(_flush_place, self._folder, _key(sha256))


def open_blobs(location: str | Path, *, wait_for_disk: bool = True) -> ObjectStoreBlobs:
    """Open the store at a folder or a URL (`s3://bucket/prefix`, `gs://…`, `az://…`).

    Credentials of a cloud store come from its usual environment variables.

    Args:
        wait_for_disk: False leaves it to the caller to flush a local store, once for many objects.
    """
    if _CLOUD.match(str(location)):
        return ObjectStoreBlobs(from_url(str(location)))
    folder = Path(location).resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return ObjectStoreBlobs(LocalStore(prefix=folder), folder if wait_for_disk else None)


def _key(sha256: str) -> str:
    if not SHA256.fullmatch(sha256):
        raise ValueError(f"{sha256[:80]!r} is not a sha256 in lower-case hexadecimal")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _flush_place(folder: Path, key: str) -> None:
    place = folder / key
    for path in (place, place.parent, place.parent.parent, folder):
        flush_to_disk(path)
