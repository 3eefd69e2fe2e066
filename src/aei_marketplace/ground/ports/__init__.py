"""What the domains need from outside, as shapes; `adapters` fill them."""

from aei_marketplace.ground.ports.advisories import AdvisoryMirror, MirrorFailed
from aei_marketplace.ground.ports.blobs import Blobs
from aei_marketplace.ground.ports.checkpoints import CheckpointShelf
from aei_marketplace.ground.ports.domains import Domains, DomainSilent, NoDomains
from aei_marketplace.ground.ports.identity import CodeExchange, IdentityProviders, ProviderFailed
from aei_marketplace.ground.ports.mail import Mail, MailRefused, NoMail
from aei_marketplace.ground.ports.models import (
    EndpointCall,
    ModelCall,
    ModelEndpoints,
    ModelFailure,
    ModelKind,
    ModelReply,
    Models,
    model_failure,
)
from aei_marketplace.ground.ports.sandbox import (
    Listener,
    PluginFailure,
    Sandbox,
    SandboxGone,
    SandboxRefused,
    Secrets,
    plugin_failure,
)
from aei_marketplace.ground.ports.scanner import NoScanner, ScanFailed, ScanFailure, Scanner
from aei_marketplace.ground.ports.webhooks import NoWebhooks, WebhookAnswer, WebhookSender

__all__ = [
    "AdvisoryMirror",
    "Blobs",
    "CheckpointShelf",
    "CodeExchange",
    "DomainSilent",
    "Domains",
    "EndpointCall",
    "IdentityProviders",
    "Listener",
    "Mail",
    "MailRefused",
    "MirrorFailed",
    "ModelCall",
    "ModelEndpoints",
    "ModelFailure",
    "ModelKind",
    "ModelReply",
    "Models",
    "NoDomains",
    "NoMail",
    "NoScanner",
    "NoWebhooks",
    "PluginFailure",
    "ProviderFailed",
    "Sandbox",
    "SandboxGone",
    "SandboxRefused",
    "ScanFailed",
    "ScanFailure",
    "Scanner",
    "Secrets",
    "WebhookAnswer",
    "WebhookSender",
    "model_failure",
    "plugin_failure",
]
