"""The package: a zip whose bytes depend on its content alone."""

import io
import zipfile
from collections.abc import Mapping

#: The earliest time that a zip can hold; every entry carries it.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE = 0o100644
_UNIX = 3


def pack(entries: Mapping[str, bytes]) -> bytes:
    """Zip these entries: sorted, deflated, fixed times and modes, no data descriptors, no extra fields.

    The same entries give the same bytes with the same build of zlib.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(entries):
            archive.writestr(_entry(name), entries[name], zipfile.ZIP_DEFLATED, 6)
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = _UNIX
    info.external_attr = _REGULAR_FILE << 16
    return info
