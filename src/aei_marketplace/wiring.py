"""Building a process's dependencies from its settings: the one place where ports meet adapters."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from aei_inspection.notes import SigningKey, VerifyingKey
from aei_inspection.signatures import PrivateKey
from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.blobs import open_blobs
from aei_marketplace.adapters.checkpoints import CheckpointFolder
from aei_marketplace.adapters.collectors import open_collector
from aei_marketplace.adapters.domains import DomainClient
from aei_marketplace.adapters.identity_providers import IdentityProviderClient
from aei_marketplace.adapters.mail import MailFolder, SmtpMail, SmtpServer
from aei_marketplace.adapters.master_key_files import MasterKeyFiles
from aei_marketplace.adapters.model_endpoints import ModelEndpointClient
from aei_marketplace.adapters.postgres import DatabaseUrls, PostgresError, read_urls
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.adapters.sandbox import SandboxClient
from aei_marketplace.adapters.scanner import ScannerProcess
from aei_marketplace.adapters.webhooks import WebhookClient
from aei_marketplace.audit.service import Signer
from aei_marketplace.ground.clock import Clock
from aei_marketplace.ground.collecting import Collector
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.issuer_keys import IssuerKeys
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.master_keys import MasterKey
from aei_marketplace.ground.plugin_models import PluginModels
from aei_marketplace.ground.ports import Mail, ModelCall, ModelReply
from aei_marketplace.ground.ports.billing import BillingProvider, ManualBilling
from aei_marketplace.ground.publisher_quota import PublisherQuota
from aei_marketplace.ground.sign_in import SignInTerms
from aei_marketplace.ground.work import Works
from aei_marketplace.settings import Settings, SettingsError
from aei_marketplace.vault import service as vault
from aei_marketplace.vault.service.asking import Gateway
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
        terms, plugin_models = sign_in_terms(settings), PluginModels()
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
            publisher_quota=publisher_quota(settings),
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


def open_billing(settings: Settings, ports: AsyncExitStack) -> BillingProvider:
    """Who collects money from buyers.

    Raises:
        SettingsError: Stripe is chosen, and its library is not installed or a file holds nothing.
        OSError: a file cannot be read.
    """
    if settings.billing_provider == "manual":
        return ManualBilling()
    try:
        # Only where it is chosen: an installation without it does not need the library.
        from aei_marketplace.adapters.billing.stripe import StripeBilling
    except ImportError as error:
        raise SettingsError("Stripe's library is missing: run `./market install stripe`.") from error
    key, secrets_of_hook = _words(settings.stripe_key_file), _words(settings.stripe_webhook_secret_file)
    if len(key) != 1 or not secrets_of_hook:
        raise SettingsError(
            "`stripe_key_file` holds one key, `stripe_webhook_secret_file` at least one secret."
        )
    provider = StripeBilling(key[0], secrets_of_hook, settings.stripe_url)
    ports.push_async_callback(provider.close)
    return provider


def _words(file: Path | None) -> list[str]:
    return file.read_text("utf-8").split() if file is not None else []


def publisher_quota(settings: Settings) -> PublisherQuota:
    """What each publisher may keep and publish, unless staff decided otherwise for one."""
    return PublisherQuota(
        settings.publisher_storage_mib * 1024**2,
        settings.publisher_releases,
        settings.publisher_releases_per_hour,
    )


def open_mail(settings: Settings) -> Mail:
    """The way to mailboxes: to the operator's server, or into a folder where none is named."""
    return open_smtp(settings) or MailFolder(settings.mail, settings.mail_from)


def open_smtp(settings: Settings, *, patience: float = 30.0) -> SmtpMail | None:
    """The operator's mail server; None where none is named.

    Args:
        patience: seconds for one message.

    Raises:
        OSError: its password cannot be read.
    """
    if settings.smtp_server is None:
        return None
    host, _, port = settings.smtp_server.rpartition(":")
    password = settings.smtp_password_file.read_text("utf-8").strip() if settings.smtp_password_file else None
    server = SmtpServer(
        host.strip("[]"), int(port), settings.smtp_tls, settings.smtp_user, password, settings.smtp_ca_file
    )
    return SmtpMail(server, settings.mail_from, patience=patience)


def sign_in_terms(settings: Settings) -> SignInTerms:
    """How long sessions and proofs last here."""
    return SignInTerms(
        idle=timedelta(minutes=settings.session_idle_minutes),
        lifetime=timedelta(hours=settings.session_hours),
        proof=timedelta(minutes=settings.proof_minutes),
        public_url=settings.public_url,
    )


def configure_log() -> None:
    """Have the process log one JSON object a line, to standard output."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )


def database_urls(settings: Settings) -> DatabaseUrls:
    """The three database URLs that `migrate` kept.

    Raises:
        PostgresError: there are none yet.
    """
    urls = read_urls(settings.database_secrets)
    if urls is None:
        raise PostgresError(
            f"{settings.database_secrets} does not exist: the database has not been prepared. "
            "Run `aei-marketplace up` or `aei-marketplace migrate` with the same --data."
        )
    return urls


def read_release_log_key(settings: Settings) -> SigningKey:
    """The key that signs the public log of releases; made on first use, 0600.

    Raises:
        NoteMalformed: the file does not hold such a key.
    """
    return _read_log_key(settings, "release-log.key", "releases")


def release_log_verifying_key(settings: Settings) -> VerifyingKey | None:
    """The public half of the key that signs the log of releases; None before there is one.

    Raises:
        NoteMalformed: the file does not hold such a key.
    """
    there = (settings.keys / "release-log.key").exists()
    return read_release_log_key(settings).verifying if there else None


def read_kill_list_key(settings: Settings) -> SigningKey:
    """The key that signs the kill list; made on first use, 0600.

    Raises:
        NoteMalformed: the file does not hold such a key.
    """
    return _read_log_key(settings, "kill-list.key", "kill-list")


def read_certification_key(settings: Settings) -> PrivateKey:
    """The key that signs the statements of certified releases; made on first use, 0600.

    Raises:
        KeyMalformed: the file does not hold such a key.
    """
    path = settings.keys / "certification.key"
    if not path.exists():
        _make_key(path, PrivateKey.generate().pem())
    return PrivateKey.from_pem(path.read_bytes())


def read_audit_log_key(settings: Settings) -> SigningKey:
    """The key that signs the audit log; made on first use, 0600.

    Raises:
        NoteMalformed: the file does not hold such a key.
    """
    key = _read_log_key(settings, "audit-log.key", "audit")
    if key.verifying not in audit_log_keys(settings):
        with os.fdopen(
            os.open(_known_keys(settings), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a"
        ) as file:
            file.write(key.verifying.text() + "\n")
    return key


def audit_log_keys(settings: Settings) -> tuple[VerifyingKey, ...]:
    """Every key that the audit log was ever signed with, oldest first: their public halves.

    Raises:
        NoteMalformed: the file holds something else.
    """
    path = _known_keys(settings)
    lines = path.read_text("utf-8").split() if path.exists() else []
    return tuple(VerifyingKey.parse(line) for line in lines)


def audit_signer(settings: Settings, clock: Clock) -> Signer:
    """What signs the audit log. For the job process alone."""
    key = read_audit_log_key(settings)
    return Signer(key, audit_log_keys(settings), audit_log_shelf(settings), clock)


def audit_collector(settings: Settings) -> Collector | None:
    """Where the audit log is streamed to, if anywhere.

    Raises:
        ValueError: the address is not one of a collector.
    """
    if settings.audit_collector is None:
        return None
    file = settings.audit_collector_secret_file
    secret = file.read_bytes().strip() if file else None
    return open_collector(settings.audit_collector, secret, settings.audit_collector_ca_file)


def audit_log_shelf(settings: Settings) -> CheckpointFolder:
    """Where the checkpoints of the audit log are kept outside the database."""
    return CheckpointFolder(settings.checkpoints, "audit")


def release_log_shelf(settings: Settings) -> CheckpointFolder:
    """Where the checkpoints of the public log of releases are kept outside the database."""
    return CheckpointFolder(settings.checkpoints, "releases")


def master_key_files(settings: Settings) -> MasterKeyFiles:
    """The files of the keys that wrap the tenants' data keys."""
    return MasterKeyFiles(settings.master_key_file or settings.keys / "master.key")


def read_master_key(settings: Settings) -> MasterKey:
    """The key that wraps the tenants' data keys; made on first use, 0600.

    Raises:
        ValueError: a file does not hold 32 bytes.
    """
    files = master_key_files(settings)
    if settings.master_key_file is None and not files.path.exists():
        files.make()
    return MasterKey.kept(files.read)


def _known_keys(settings: Settings) -> Path:
    return settings.keys / "audit-log.vkeys"


def _read_log_key(settings: Settings, file: str, log: str) -> SigningKey:
    """A log's or list's key. Its name is the origin and stays when the address changes: clients pinned it."""
    path = settings.keys / file
    if not path.exists():
        where = urlsplit(settings.public_url).netloc if settings.public_url else ""
        name = f"{where or f'aei-marketplace-{secrets.token_hex(4)}'}/{log}"
        _make_key(path, SigningKey.generate(name).text().encode())
    return SigningKey.parse(path.read_text("utf-8").strip())


def _make_key(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.touch(mode=0o600)
    half.write_bytes(content)
    try:
        os.link(half, path)  # of two processes that start together, one makes the key
    except FileExistsError:
        return
    finally:
        half.unlink()
