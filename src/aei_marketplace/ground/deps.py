"""Everything that a process hands to its domains: one frozen value, built in `wiring`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.issuer_keys import IssuerKeys
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.plugin_models import PluginModels
from aei_marketplace.ground.ports import (
    Blobs,
    Domains,
    IdentityProviders,
    Mail,
    ModelEndpoints,
    NoDomains,
    NoMail,
    NoScanner,
    NoWebhooks,
    Sandbox,
    Scanner,
    WebhookSender,
)
from aei_marketplace.ground.ports.billing import BillingProvider, ManualBilling
from aei_marketplace.ground.publisher_quota import PublisherQuota
from aei_marketplace.ground.sign_in import Attempts, SignInTerms
from aei_marketplace.ground.work import Works
from aei_protocol.limits import OPERATOR_ALLOWANCE, Allowance, Limits


@dataclass(frozen=True)
class Deps:
    """What a web or job process works with.

    Attributes:
        authenticate: from a bearer token and a trace id to the actor; raises NotSignedIn.
        authenticate_session: from a session's secret and a trace id to the actor; raises NotSignedIn.
        master_key: 32 bytes that wrap the tenants' data keys.
        operator_cap: the most that any execution may have.
        aei_version: the AEI version that this marketplace serves.
        model_endpoints: the way to the tenants' model endpoints.
        plugin_models: the way to installed plugins of kind `model`, once executions run here.
        live: tells listeners in this process what happens right now.
        identity_providers: the way to providers of sign-in.
        domains: the way to what stands on publishers' domains.
        mail: the way to people's mailboxes.
        webhooks: the way to the webhooks of tenants and operator.
        scanner: where packages are scanned.
        billing: who collects money from buyers and returns it.
        sign_in: how long sessions and proofs last.
        attempts: how often somebody tried to sign in lately.
        issuer_keys: keys of the issuers whose identity tokens publish.
        publisher_quota: what each publisher may have, unless staff decide otherwise for one.
        operator_allowance: the most that any tenant may execute.
        publish_scan: new releases are scanned before they are listed.
        price_notice: a price that costs somebody more applies so long after it was announced.
    """

    works: Works
    blobs: Blobs
    sandbox: Sandbox
    authenticate: Callable[[str, str], Awaitable[Actor]]
    authenticate_session: Callable[[str, str], Awaitable[Actor]]
    master_key: bytes
    operator_cap: Limits
    aei_version: str
    model_endpoints: ModelEndpoints
    plugin_models: PluginModels
    live: Live
    identity_providers: IdentityProviders
    domains: Domains = field(default_factory=NoDomains)
    mail: Mail = field(default_factory=NoMail)
    webhooks: WebhookSender = field(default_factory=NoWebhooks)
    scanner: Scanner = field(default_factory=NoScanner)
    billing: BillingProvider = field(default_factory=ManualBilling)
    sign_in: SignInTerms = field(default_factory=SignInTerms)
    attempts: Attempts = field(default_factory=Attempts)
    issuer_keys: IssuerKeys = field(default_factory=IssuerKeys)
    publisher_quota: PublisherQuota = field(default_factory=PublisherQuota)
    operator_allowance: Allowance = OPERATOR_ALLOWANCE
    publish_scan: bool = False
    price_notice: timedelta = timedelta(days=30)
