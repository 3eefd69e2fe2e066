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
from aei_marketplace.catalog.service.states import change_installs, change_state, hold_release, list_release

__all__ = [
    "OFFERED",
    "STOPPED",
    "Change",
    "Channel",
    "PluginView",
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
    "offered_releases",
    "publish_release",
    "releases_by_id",
    "require_publisher",
    "search_plugins",
]
