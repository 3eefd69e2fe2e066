"""When the last backup was taken; the audit log knows."""

from datetime import timedelta

from aei_marketplace.examination.books import UNREACHABLE, entered
from aei_marketplace.examination.finding import Finding
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import database_urls

_LAST = """
select at, now() - at as age from audit_entries
where action = 'backup.create' and outcome = 'ok' order by id desc limit 1
"""
_HOW = "aei-marketplace backup --to FOLDER"


async def look_at_backups(settings: Settings, days: int) -> Finding:
    """Whether there is a backup, and a young one."""
    try:
        async with entered(database_urls(settings).system) as connection:
            last = await connection.fetchrow(_LAST)
    except UNREACHABLE as error:
        return Finding("backup", False, f"cannot be looked up: {error}")
    if last is None:
        return Finding("backup", False, f"none was ever taken: {_HOW}")
    told = f"the last one was taken {last['at']:%Y-%m-%d %H:%M} UTC"
    if last["age"] > timedelta(days=days):
        return Finding("backup", False, f"{told}, more than {days} days ago: {_HOW}")
    return Finding("backup", True, told)
