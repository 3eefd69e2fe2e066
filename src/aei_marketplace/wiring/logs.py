"""The two signed logs, of audit and of releases: what signs them, where their checkpoints and streams go."""

from aei_marketplace.adapters.checkpoints import CheckpointFolder
from aei_marketplace.adapters.collectors import open_collector
from aei_marketplace.audit.service import Signer
from aei_marketplace.ground.clock import Clock
from aei_marketplace.ground.collecting import Collector
from aei_marketplace.settings import Settings
from aei_marketplace.wiring.keys import audit_log_keys, read_audit_log_key


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
