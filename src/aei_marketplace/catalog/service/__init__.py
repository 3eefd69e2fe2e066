"""What can be done with the catalogue."""

from aei_marketplace.catalog.rules.compatibility import is_compatible
from aei_marketplace.catalog.rules.rollouts import Rollout, reaches
from aei_marketplace.catalog.rules.states import OFFERED, STOPPED, Change, ReleaseState
from aei_marketplace.catalog.rules.trusted_publishing import Workflow
from aei_marketplace.catalog.rules.versions import Channel
from aei_marketplace.catalog.rules.views import PluginBrief, PluginView, ReleaseTexts, ReleaseView
from aei_marketplace.catalog.service.feeds import feed_entries
from aei_marketplace.catalog.service.kill_list import SignedKillList, find_kill_list, sign_kill_list
from aei_marketplace.catalog.service.loading import load_listings
from aei_marketplace.catalog.service.name_claims import NAME_DESK, NameClaim, ask_for_name, find_name_claim
from aei_marketplace.catalog.service.namespaces import claim_namespace
from aei_marketplace.catalog.service.publishing import Submission, publish_release, require_publisher
from aei_marketplace.catalog.service.quotas import decide_quota, find_quota
from aei_marketplace.catalog.service.reading import (
    find_briefs,
    find_plugin,
    find_release,
    find_texts,
    latest_versions,
    list_processing,
    list_releases,
    offered_releases,
    offered_releases_of,
    releases_by_id,
)
from aei_marketplace.catalog.service.release_log import BATCH as LOG_BATCH
from aei_marketplace.catalog.service.release_log import (
    LogHead,
    ProvenLeaf,
    ReleaseProof,
    log_entries,
    log_head,
    prove_growth,
    prove_release,
    sequence_releases,
    sign_log,
)
from aei_marketplace.catalog.service.removals import hold_releases, list_removals
from aei_marketplace.catalog.service.rollouts import (
    change_rollout,
    change_rollout_start,
    find_rollout,
    find_rollout_start,
    newer_releases,
)
from aei_marketplace.catalog.service.searching import (
    SearchIndex,
    SearchPage,
    open_index,
    search_plugins,
    suggest_plugins,
)
from aei_marketplace.catalog.service.signing import (
    SigningKey,
    add_signing_key,
    check_signed,
    find_signature,
    list_signing_keys,
    require_signatures,
    revoke_signing_key,
    signatures_required,
)
from aei_marketplace.catalog.service.states import (
    STOPPED_NOW,
    STOPS,
    change_installs,
    change_state,
    hold_release,
    list_release,
    stopped_among,
)
from aei_marketplace.catalog.service.trusted_publishing import (
    TrustedPublisher,
    distrust_workflow,
    exchange_identity,
    forget_used_tokens,
    list_trusted,
    trust_workflow,
)
from aei_marketplace.catalog.service.verification import (
    check_domains,
    forget_domain,
    list_domains,
    prove_domain,
)

__all__ = [
    "LOG_BATCH",
    "NAME_DESK",
    "OFFERED",
    "STOPPED",
    "STOPPED_NOW",
    "STOPS",
    "Change",
    "Channel",
    "LogHead",
    "NameClaim",
    "PluginBrief",
    "PluginView",
    "ProvenLeaf",
    "ReleaseProof",
    "ReleaseState",
    "ReleaseTexts",
    "ReleaseView",
    "Rollout",
    "SearchIndex",
    "SearchPage",
    "SignedKillList",
    "SigningKey",
    "Submission",
    "TrustedPublisher",
    "Workflow",
    "add_signing_key",
    "ask_for_name",
    "change_installs",
    "change_rollout",
    "change_rollout_start",
    "change_state",
    "check_domains",
    "check_signed",
    "claim_namespace",
    "decide_quota",
    "distrust_workflow",
    "exchange_identity",
    "feed_entries",
    "find_briefs",
    "find_kill_list",
    "find_name_claim",
    "find_plugin",
    "find_quota",
    "find_release",
    "find_rollout",
    "find_rollout_start",
    "find_signature",
    "find_texts",
    "forget_domain",
    "forget_used_tokens",
    "hold_release",
    "hold_releases",
    "is_compatible",
    "latest_versions",
    "list_domains",
    "list_processing",
    "list_release",
    "list_releases",
    "list_removals",
    "list_signing_keys",
    "list_trusted",
    "load_listings",
    "log_entries",
    "log_head",
    "newer_releases",
    "offered_releases",
    "offered_releases_of",
    "open_index",
    "prove_domain",
    "prove_growth",
    "prove_release",
    "publish_release",
    "reaches",
    "releases_by_id",
    "require_publisher",
    "require_signatures",
    "revoke_signing_key",
    "search_plugins",
    "sequence_releases",
    "sign_kill_list",
    "sign_log",
    "signatures_required",
    "stopped_among",
    "suggest_plugins",
    "trust_workflow",
]
