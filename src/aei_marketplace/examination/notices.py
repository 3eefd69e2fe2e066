"""Mail and webhooks: what waits and does not leave, and what was switched off."""

from aei_marketplace.examination.books import UNREACHABLE, entered
from aei_marketplace.examination.finding import Finding
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import database_urls, open_smtp

#: Retries take a while; what has waited for longer than this waits for a person.
LATE_MINUTES = 60
#: Whoever looks waits for it.
PATIENCE_S = 10.0
_LATE = f"""
select channel, count(*) from notice_deliveries
where state = 'waiting' and attempts > 0 and created_at < now() - interval '{LATE_MINUTES} minutes'
group by channel order by channel
"""  # noqa: S608 the one value is a number of ours
_SWITCHED_OFF = "select count(*) from webhooks where not enabled and disabled_reason is not null"


async def look_at_notices(settings: Settings) -> list[Finding]:
    """Whether notices reach mailboxes and webhooks."""
    try:
        async with entered(database_urls(settings).system) as connection:
            late = {row["channel"]: row["count"] for row in await connection.fetch(_LATE)}
            switched_off = await connection.fetchval(_SWITCHED_OFF)
    except UNREACHABLE as error:
        return [Finding("notices", False, f"cannot be looked at: {error}")]
    return [await _mail(settings, late.get("mail", 0)), _webhooks(late.get("webhook", 0), switched_off)]


async def _mail(settings: Settings, late: int) -> Finding:
    problem = await _problem_of_server(settings)
    if problem:
        detail = f"{settings.smtp_server}: {problem} Notices wait meanwhile, and are tried again for a while."
        return Finding("mail", False, detail)
    if late:
        detail = f"failed and waiting for over an hour: {late}; try `aei-marketplace mail test ADDRESS`"
        return Finding("mail", False, detail)
    where = f"{settings.smtp_server} answers" if settings.smtp_server else f"written into {settings.mail}"
    return Finding("mail", True, f"{where}; none waits for over an hour")


async def _problem_of_server(settings: Settings) -> str | None:
    """What stands against handing mail over, in a sentence."""
    try:
        server = open_smtp(settings, patience=PATIENCE_S)
        if server is not None:
            await server.check()
    except Unavailable as problem:
        return problem.detail
    except OSError as error:
        return f"What it needs cannot be read: {error}."
    return None


def _webhooks(late: int, switched_off: int) -> Finding:
    if switched_off:
        detail = f"switched off because they kept failing: {switched_off}; their owners are shown why"
        return Finding("webhooks", False, detail)
    if late:
        return Finding("webhooks", False, f"failed and waiting for over an hour: {late}; see jobs.log")
    return Finding("webhooks", True, "none was switched off, and none waits for over an hour")
