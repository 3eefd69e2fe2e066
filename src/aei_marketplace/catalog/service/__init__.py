"""What can be done with the catalogue."""

from aei_marketplace.catalog.rules.compatibility import is_compatible
from aei_marketplace.catalog.rules.states import OFFERED, STOPPED, Change, ReleaseState
from aei_marketplace.catalog.rules.versions import Channel
from aei_marketplace.catalog.rules.views import PluginView, ReleaseTexts, ReleaseView
from aei_marketplace.catalog.service.namespaces import claim_namespace
from aei_marketplace.catalog.service.publishing import Submission, publish_release, require_publisher
from aei_marketplace.catalog.service.reading import (
    count_facets,
    find_plugin,
    find_release,
    find_texts,
    latest_versions,
    list_processing,
    list_releases,
    offered_releases,
    releases_by_id,
    search_plugins,
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
from aei_marketplace.catalog.service.states import change_installs, change_state, hold_release, list_release

__all__ = [
    "LOG_BATCH",
    "OFFERED",
    "STOPPED",
    "Change",
    "Channel",
    "LogHead",
    "PluginView",
    "ProvenLeaf",
    "ReleaseProof",
    "ReleaseState",
    "ReleaseTexts",
    "ReleaseView",
    "Submission",
    "change_installs",
    "change_state",
    "claim_namespace",
    "count_facets",
    "find_plugin",
    "find_release",
    "find_texts",
    "hold_release",
    "is_compatible",
    "latest_versions",
    "list_processing",
    "list_release",
    "list_releases",
    "log_entries",
    "log_head",
    "offered_releases",
    "prove_growth",
    "prove_release",
    "publish_release",
    "releases_by_id",
    "require_publisher",
    "search_plugins",
    "sequence_releases",
    "sign_log",
]
