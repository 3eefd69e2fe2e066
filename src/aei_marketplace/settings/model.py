"""The settings as one checked value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

Seed = Literal["demo", "none"]
SmtpTls = Literal["starttls", "tls", "none"]
BillingProvider = Literal["manual", "stripe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an operator may decide, checked.

    Attributes:
        data: the folder that holds all that lasts.
        runtime: a short folder for sockets; empty after a restart of the machine.
        host: the address that the web process listens on.
        port: its TCP port; 0 picks a free one.
        database_url: an external PostgreSQL, or None for the embedded one.
        seed: `demo` fills an empty marketplace with tenants, users and plugins.
        development_without_walls: execute even where the operating system's walls are missing.
        egress_hosts: `NAME:PORT=ADDRESS:PORT` each: where the sandbox finds a host that is not public.
        max_workers: at most so many sandbox workers; None lets the sandbox choose.
        aei_version: the AEI that this marketplace serves; decides compatibility.
        master_key_file: the key that seals secrets; None keeps one under `keys`.
        checkpoints_folder: where signed heads of the logs are kept outside the database; None keeps them in
            the data folder.
        audit_collector: where the audit log is streamed to: `file:///…`, `http(s)://…`, `syslog+udp://…`,
            `syslog+tcp://…` or `syslog+tls://…`; None for nowhere.
        audit_collector_secret_file: what signs requests to an HTTP collector.
        audit_collector_ca_file: certificates that vouch for the collector; None for the system's.
        limits: the most that one execution and one tenant may have, by the names of `aei_protocol.limits`;
            what is not named keeps its default.
        publisher_storage_mib, publisher_releases, publisher_releases_per_hour: the most that one publisher
            may keep and take in, unless staff decide otherwise for it.
        session_idle_minutes: a browser's session that is not used for so long is over.
        session_hours: a browser's session is over after so long in any case.
        proof_minutes: how old the last proof of who somebody is may be for publishing, payouts and the like.
        trusted_issuers: whose identity tokens publish, exactly as the tokens name them.
        public_url: how callers reach this marketplace, where a proxy stands in front of it.
        mail_from: the bare address that mail comes from.
        smtp_server: `HOST:PORT` that mail is handed to; None writes it into a folder.
        smtp_tls: `starttls`, `tls` from the first byte, or `none`.
        smtp_user, smtp_password_file: how the marketplace signs in there.
        smtp_ca_file: certificates that vouch for the server; None for the system's.
        webhook_hosts: `NAME:PORT=ADDRESS:PORT` each: where webhooks find a host that is not public.
        publish_scan: new releases are scanned before they are listed.
        billing_provider: who collects money from buyers: `manual`, where staff mark invoices as paid, or
            `stripe`.
        stripe_key_file, stripe_webhook_secret_file: the secret key, and the webhook's signing secrets.
        stripe_url: of another server that speaks Stripe's API; None for Stripe's own.
        price_notice_days: a price that costs somebody more applies so long after it was announced.
    """

    data: Path
    runtime: Path
    host: str = "127.0.0.1"
    port: int = 8420
    database_url: str | None = field(default=None, repr=False)
    seed: Seed = "demo"
    development_without_walls: bool = False
    egress_hosts: tuple[str, ...] = ()
    max_workers: int | None = None
    aei_version: str = "2.3.1"
    master_key_file: Path | None = None
    checkpoints_folder: Path | None = None
    audit_collector: str | None = field(default=None, repr=False)
    audit_collector_secret_file: Path | None = None
    audit_collector_ca_file: Path | None = None
    public_url: str | None = None
    trusted_issuers: tuple[str, ...] = ("https://token.actions.githubusercontent.com", "https://gitlab.com")
    publisher_storage_mib: int = 10 * 1024
    publisher_releases: int = 10_000
    publisher_releases_per_hour: int = 120
    session_idle_minutes: int = 120
    session_hours: int = 24
    proof_minutes: int = 10
    limits: Mapping[str, int] = field(default_factory=dict)
    mail_from: str = "marketplace@localhost"
    smtp_server: str | None = None
    smtp_tls: SmtpTls = "starttls"
    smtp_user: str | None = None
    smtp_password_file: Path | None = None
    smtp_ca_file: Path | None = None
    webhook_hosts: tuple[str, ...] = ()
    publish_scan: bool = True
    billing_provider: BillingProvider = "manual"
    stripe_key_file: Path | None = None
    stripe_webhook_secret_file: Path | None = None
    stripe_url: str | None = None
    price_notice_days: int = 30

    @property
    def objects(self) -> Path:
        """The packages, addressed by their content."""
        return self.data / "objects"

    @property
    def artefacts(self) -> Path:
        """What the sandbox compiled."""
        return self.data / "artefacts"

    @property
    def files(self) -> Path:
        """What plugins keep for their installations."""
        return self.data / "files"

    @property
    def keys(self) -> Path:
        """Keys and passwords, never part of a backup unless asked for."""
        return self.data / "keys"

    @property
    def checkpoints(self) -> Path:
        """Signed heads of the logs, outside the database; copy them to where nobody of here can write."""
        return self.checkpoints_folder or self.data / "checkpoints"

    @property
    def mail(self) -> Path:
        """Mail, one file a message, where no server was named."""
        return self.data / "mail"

    @property
    def run(self) -> Path:
        """What describes the running marketplace: its lock and its address."""
        return self.data / "run"

    @property
    def logs(self) -> Path:
        """One log for each process."""
        return self.data / "logs"

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL's own folder."""
        return self.data / "postgres"

    @property
    def build(self) -> Path:
        """Built example plugins, by content."""
        return self.data / "build"

    @property
    def database_secrets(self) -> Path:
        """The three database URLs with their passwords."""
        return self.keys / "database.json"

    @property
    def sandbox_socket(self) -> Path:
        """Where the sandbox host listens."""
        return self.runtime / "sandbox.sock"

    @property
    def postgres_sockets(self) -> Path:
        """The folder of the embedded PostgreSQL's socket."""
        return self.runtime / "pg"

    def environment(self) -> dict[str, str]:
        """The `AEI_*` variables from which another process loads these very settings."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {variable_of(name): _as_text(value) for name, value in values.items() if value is not None}


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return f"AEI_{name.removeprefix('aei_').upper()}"


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={number}" for name, number in value.items())
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
