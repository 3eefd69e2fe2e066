"""What the database holds of executions, compared with what was asked for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from aei_marketplace.adapters.postgres import read_urls

_ROWS = "select encode(task_sha256, 'hex') as task, ended_at is not null as ended from executions"
_OPEN = "select count(*) from executions where ended_at is null"
_UNBALANCED = """
  select count(*)
  from executions e
  left join (
    select resource_id,
           count(*) filter (where action = 'execution.start') as starts,
           count(*) filter (where action = 'execution.end') as ends
    from audit_entries
    where action in ('execution.start', 'execution.end')
    group by resource_id
  ) a on a.resource_id = e.id::text
  where coalesce(a.starts, 0) <> 1 or coalesce(a.ends, 0) <> 1
"""


def books_of(data: Path) -> "Books":
    """The books of the marketplace that keeps its data in a folder."""
    urls = read_urls(data / "keys" / "database.json")
    assert urls is not None, "a marketplace that runs has prepared its database"
    return Books(urls.system)


@dataclass(frozen=True, slots=True)
class Balance:
    """What does not add up; all zero when everything does.

    Attributes:
        lost: tasks that were taken on and have no execution with an end.
        doubled: tasks with more executions than one, or with one although they were refused.
        unbalanced: executions without exactly one start entry and one end entry.
    """

    lost: int
    doubled: int
    unbalanced: int


class Books:
    """A look into a marketplace's database.

    Args:
        url: asyncpg DSN of the role that sees all tenants.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    async def open_executions(self) -> int:
        """Executions without an end."""
        connection = await asyncpg.connect(self._url)
        try:
            return int(await connection.fetchval(_OPEN))
        finally:
            await connection.close()

    async def compare(self, taken: Mapping[str, bool]) -> Balance:
        """Compare with what was asked for.

        Args:
            taken: the JSON text of each task, and whether the marketplace took it on.
        """
        connection = await asyncpg.connect(self._url)
        try:
            rows = await connection.fetch(_ROWS)
            unbalanced = await connection.fetchval(_UNBALANCED)
        finally:
            await connection.close()
        found: dict[str, list[bool]] = {}
        for row in rows:
            found.setdefault(row["task"], []).append(row["ended"])
        digests = {hashlib.sha256(task.encode()).hexdigest(): was for task, was in taken.items()}
        lost = sum(was and not any(found.get(digest, ())) for digest, was in digests.items())
        doubled = sum(len(found.get(digest, ())) > int(was) for digest, was in digests.items())
        return Balance(lost, doubled, int(unbalanced))
