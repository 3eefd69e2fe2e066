"""Everything that a web or job process works with, opened and closed again."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.domains import DomainClient
from aei_marketplace.adapters.identity_providers import IdentityProviderClient
from aei_marketplace.adapters.model_endpoints import ModelEndpointClient
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.adapters.scanner import ScannerProcess
from aei_marketplace.adapters.webhooks import WebhookClient
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.issuer_keys import IssuerKeys
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.plugin_models import PluginModels
from aei_marketplace.ground.ports import ModelCall, ModelReply
from aei_marketplace.ground.publisher_quota import PublisherQuota
from aei_marketplace.ground.sign_in import SignInTerms
from aei_marketplace.ground.work import Works
from aei_marketplace.settings import Settings
from aei_marketplace.vault import service as vault
from aei_marketplace.vault.service.asking import Gateway
from aei_marketplace.wiring.billing import open_billing
from aei_marketplace.wiring.database import database_urls
from aei_marketplace.wiring.keys import read_master_key
from aei_marketplace.wiring.mail import open_mail
from aei_protocol.addresses import read_internal_hosts
from aei_protocol.limits import OPERATOR_ALLOWANCE, OPERATOR_CAP, set_allowance, set_limits


@dataclass(frozen=True)
class VaultSecrets:
    """Answers the sandbox's questions for secrets out of the vault."""

    works: Works
    master_key: bytes

    async def value(self, tenant: str, name: str) -> str | None:
        """The secret's value in that tenant, or None."""
        return await vault.secret_value(self.works, self.master_key, tenant, name)


@dataclass(frozen=True)
class VaultModels:
    """Answers the sandbox's calls of models through the tenants' gateway."""

    gateway: Gateway

    async def answer(self, call: ModelCall) -> ModelReply:
        """Ask the model; what goes wrong is told in the reply."""
        return await vault.answer_model(self.gateway, call)


@asynccontextmanager
async def open_deps(settings: Settings, *, connections: int = 8) -> AsyncIterator[Deps]:
    """Open everything that a web or job process works with, and close it again.

    Args:
        connections: database connections in each pool, at most.

    Raises:
        PostgresError: the database has not been prepared.
    """
    urls = database_urls(settings)
    async with open_database(urls.app, urls.system, size=connections) as database, AsyncExitStack() as ports:
        works, master_key = Works(database, PostgresQueue()), read_master_key(settings)
        terms, plugin_models = _sign_in_terms(settings), PluginModels()
        endpoints = _open_model_endpoints(settings, ports)
        yield Deps(
            works=works,
            blobs=open_blobs(str(settings.objects)),
            sandbox=_open_sandbox(settings, ports, Gateway(works, master_key, endpoints, plugin_models)),
            authenticate=partial(accounts.authenticate, works),
            authenticate_session=partial(accounts.authenticate_session, works, terms),
            master_key=master_key,
            operator_cap=set_limits(OPERATOR_CAP, settings.limits),
            operator_allowance=set_allowance(OPERATOR_ALLOWANCE, settings.limits),
            aei_version=settings.aei_version,
            model_endpoints=endpoints,
            plugin_models=plugin_models,
            live=Live(),
            identity_providers=IdentityProviderClient(read_internal_hosts(settings.egress_hosts)),
            domains=DomainClient(read_internal_hosts(settings.egress_hosts)),
            publisher_quota=_publisher_quota(settings),
            publish_scan=settings.publish_scan,
            price_notice=timedelta(days=settings.price_notice_days),
            sign_in=terms,
            issuer_keys=IssuerKeys(settings.trusted_issuers),
            mail=open_mail(settings),
            webhooks=_open_webhooks(settings, ports),
            billing=open_billing(settings, ports),
            scanner=ScannerProcess(require_walls=not settings.development_without_walls),
        )


def _open_model_endpoints(settings: Settings, ports: AsyncExitStack) -> ModelEndpointClient:
    endpoints = ModelEndpointClient(read_internal_hosts(settings.egress_hosts))
    ports.push_async_callback(endpoints.close)
    return endpoints


def _open_sandbox(settings: Settings, ports: AsyncExitStack, gateway: Gateway) -> SandboxClient:
    """The sandbox, whose questions for secrets and models the vault answers."""
    secrets_of = VaultSecrets(gateway.works, gateway.master_key)
    sandbox = SandboxClient(settings.sandbox_socket, secrets_of, VaultModels(gateway))
    ports.push_async_callback(sandbox.close)
    return sandbox


def _open_webhooks(settings: Settings, ports: AsyncExitStack) -> WebhookClient:
    webhooks = WebhookClient(read_internal_hosts(settings.webhook_hosts))
    ports.push_async_callback(webhooks.close)
    return webhooks


def _publisher_quota(settings: Settings) -> PublisherQuota:
    """What each publisher may keep and publish, unless staff decided otherwise for one."""
    return PublisherQuota(
        settings.publisher_storage_mib * 1024**2,
        settings.publisher_releases,
        settings.publisher_releases_per_hour,
    )


def _sign_in_terms(settings: Settings) -> SignInTerms:
    """How long sessions and proofs last here."""
    return SignInTerms(
        idle=timedelta(minutes=settings.session_idle_minutes),
        lifetime=timedelta(hours=settings.session_hours),
        proof=timedelta(minutes=settings.proof_minutes),
        public_url=settings.public_url,
    )
