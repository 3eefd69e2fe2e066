"""Building a process's dependencies from its settings: the one place where ports meet adapters."""

from aei_marketplace.wiring.billing import open_billing
from aei_marketplace.wiring.database import database_urls
from aei_marketplace.wiring.deps import VaultModels, VaultSecrets, open_deps
from aei_marketplace.wiring.json_log import configure_log
from aei_marketplace.wiring.keys import (
    audit_log_keys,
    master_key_files,
    read_audit_log_key,
    read_certification_key,
    read_kill_list_key,
    read_master_key,
    read_release_log_key,
    release_log_verifying_key,
)
from aei_marketplace.wiring.logs import audit_collector, audit_log_shelf, audit_signer, release_log_shelf
from aei_marketplace.wiring.mail import open_mail, open_smtp

__all__ = [
    "VaultModels",
    "VaultSecrets",
    "audit_collector",
    "audit_log_keys",
    "audit_log_shelf",
    "audit_signer",
    "configure_log",
    "database_urls",
    "master_key_files",
    "open_billing",
    "open_deps",
    "open_mail",
    "open_smtp",
    "read_audit_log_key",
    "read_certification_key",
    "read_kill_list_key",
    "read_master_key",
    "read_release_log_key",
    "release_log_shelf",
    "release_log_verifying_key",
]
