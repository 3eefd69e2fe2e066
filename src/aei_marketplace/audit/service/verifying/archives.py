"""Verifying archives: each file is there, is the one that the log speaks of, holds what the tree hashes."""

import asyncio
from collections.abc import Iterable, Sequence

import asyncpg

from aei_marketplace.audit.rules.archives import Archived, Statement, is_name, read_lines, statements
from aei_marketplace.audit.rules.verification.findings import Finding, Kind
from aei_marketplace.audit.service.archiving import Archives
from aei_marketplace.audit.store import verifying as store


async def verify_archives(
    connection: asyncpg.Connection, archives: Archives, listed: Sequence[Archived]
) -> list[Finding]:
    """Compare every archive with the log.

    Args:
        connection: in the verification's snapshot.
    """
    findings: list[Finding] = []
    told = statements(await store.archive_entries(connection))
    for archived in listed:
        leaves = await store.leaf_hashes(connection, archived.first, archived.after)
        finding, also_told = await asyncio.to_thread(_compare, archives, archived, leaves)
        told |= also_told
        findings += [finding] if finding else []
    return [*_unspoken(listed, told), *findings]


def _unspoken(listed: Iterable[Archived], told: set[Statement]) -> list[Finding]:
    """An archive is believed only where the log itself says that it was made."""
    findings, reached = [], 0
    for archived in listed:
        if archived.first != reached or archived.statement not in told:
            detail = f"the log says nothing of the archive {archived.file_name}: its entries were deleted"
            findings.append(Finding(Kind.DELETED, detail, archived.first))
        reached = archived.after
    return findings


def _compare(
    archives: Archives, archived: Archived, leaves: list[bytes]
) -> tuple[Finding | None, set[Statement]]:
    """What is wrong with a file, and what its entries say about earlier archives."""
    name, first = archived.file_name, archived.first
    if not is_name(name):
        return Finding(Kind.ARCHIVE_CHANGED, f"{name!r} is not a name of an archive", first), set()
    place = archives.place(name)
    try:
        if archives.digest(name)[0] != archived.sha256:
            detail = f"{place} is not the file that was written"
            return Finding(Kind.ARCHIVE_CHANGED, detail, first), set()
        found = read_lines(archives.lines(name))
    except OSError as error:
        detail = f"{place}: {error.strerror}; bring the file or name its folder with --archives"
        return Finding(Kind.ARCHIVE_MISSING, detail, first), set()
    except ValueError as error:
        return Finding(Kind.ARCHIVE_CHANGED, f"{place}: {error}", first), set()
    if found.hashes != leaves or found.first != first:
        detail = f"{place} does not hold the entries that the tree was made of"
        return Finding(Kind.ARCHIVE_CHANGED, detail, first), set()
    return None, found.statements
