"""One marketplace, as one actor."""

from types import TracebackType

from aei_sdk.client.advisories import Advisories
from aei_sdk.client.audit import AuditLog
from aei_sdk.client.billing import Billing
from aei_sdk.client.catalogue import Catalogue
from aei_sdk.client.certification import Certifications
from aei_sdk.client.executions import Executions
from aei_sdk.client.installations import Installations
from aei_sdk.client.namespaces import Namespaces
from aei_sdk.client.notices import Notices
from aei_sdk.client.operations import Operations
from aei_sdk.client.publisher import Publisher
from aei_sdk.client.release_log import ReleaseLog
from aei_sdk.client.reports import Reports
from aei_sdk.client.reviews import Reviews
from aei_sdk.client.rollouts import Rollouts
from aei_sdk.client.signing import Signing
from aei_sdk.client.transport import Transport
from aei_sdk.client.values import Me
from aei_sdk.client.webhooks import Webhooks


class Client:
    """A connection to one marketplace as one actor; use it with `async with`.

    Args:
        url: where the marketplace is, for example `http://127.0.0.1:8420`.
        token: a bearer token; None for what anyone may read.

    Attributes:
        catalogue: plugins and releases: search, read, publish, change a release's state.
        installations: what the tenant installed.
        operations: background work and its progress.
        executions: runs of installed plugins.
        billing: what plugins cost, what the tenant has bought, and receipts of usage.
        audit: the audit log.
        notices: what the caller should know.
        reports: reports about plugins.
        reviews: reviews of plugins, and their moderation.
        release_log: the public log of releases.
        signing: keys that sign packages, and signatures.
        advisories: what is wrong with releases of plugins.
        certification: requests for certification, decisions, and badges with their statements.
        rollouts: how far releases reach those who take them without naming them.
        namespaces: who belongs to the tenant's namespaces, and how they change hands.
        webhooks: where notices are sent to.
        publisher: domains, quota and trusted workflows of the tenant's publisher.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self._transport = Transport(url, token)
        self.catalogue = Catalogue(self._transport)
        self.installations = Installations(self._transport)
        self.operations = Operations(self._transport)
        self.executions = Executions(self._transport)
        self.audit = AuditLog(self._transport)
        self.billing = Billing(self._transport)
        self.notices = Notices(self._transport)
        self.reports = Reports(self._transport)
        self.reviews = Reviews(self._transport)
        self.webhooks = Webhooks(self._transport)
        self.release_log = ReleaseLog(self._transport)
        self.signing = Signing(self._transport)
        self.advisories = Advisories(self._transport)
        self.certification = Certifications(self._transport)
        self.rollouts = Rollouts(self._transport)
        self.namespaces = Namespaces(self._transport)
        self.publisher = Publisher(self._transport)

    async def me(self) -> Me:
        """Who the token belongs to."""
        me: Me = await self._transport.get("/api/me")
        return me

    async def __aenter__(self) -> "Client":
        await self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.close()
