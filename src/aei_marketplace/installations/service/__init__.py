"""What can be done with installations."""

from aei_marketplace.installations.rules.actions import ActionKind, PluginAction
from aei_marketplace.installations.service.affected import installations_of, tenants_with
from aei_marketplace.installations.service.artefacts import Upkeep
from aei_marketplace.installations.service.automatic import update_automatically
from aei_marketplace.installations.service.changing import Change, change, toggle
from aei_marketplace.installations.service.ended import Aftermath, find_aftermath
from aei_marketplace.installations.service.fitting import actions_for, hindrance_of
from aei_marketplace.installations.service.granted import secrets_granted
from aei_marketplace.installations.service.installing import install, request_install
from aei_marketplace.installations.service.planning import Plan, find_plan
from aei_marketplace.installations.service.policies import (
    TenantPolicies,
    Touched,
    change_policies,
    preview_policies,
    read_policies,
)
from aei_marketplace.installations.service.prospects import (
    Departure,
    Prospect,
    find_departure,
    find_prospect,
)
from aei_marketplace.installations.service.reach import advisory_reach
from aei_marketplace.installations.service.reading import (
    Described,
    find_installation,
    installed_versions,
    list_installations,
)
from aei_marketplace.installations.service.removing import (
    forget_files,
    left_without,
    purge_removed,
    request_uninstall,
    uninstall,
)
from aei_marketplace.installations.service.requested import Requested
from aei_marketplace.installations.service.surveying import (
    Surveyed,
    Together,
    find_surveyed,
    survey,
    update_simple,
)
from aei_marketplace.installations.service.under_way import find_under_way
from aei_marketplace.installations.service.updating import request_update, update
from aei_marketplace.installations.service.wishes import find_wish, forget_wishes

__all__ = [
    "ActionKind",
    "Aftermath",
    "Change",
    "Departure",
    "Described",
    "Plan",
    "PluginAction",
    "Prospect",
    "Requested",
    "Surveyed",
    "TenantPolicies",
    "Together",
    "Touched",
    "Upkeep",
    "actions_for",
    "advisory_reach",
    "change",
    "change_policies",
    "find_aftermath",
    "find_departure",
    "find_installation",
    "find_plan",
    "find_prospect",
    "find_surveyed",
    "find_under_way",
    "find_wish",
    "forget_files",
    "forget_wishes",
    "hindrance_of",
    "install",
    "installations_of",
    "installed_versions",
    "left_without",
    "list_installations",
    "preview_policies",
    "purge_removed",
    "read_policies",
    "request_install",
    "request_uninstall",
    "request_update",
    "secrets_granted",
    "survey",
    "tenants_with",
    "toggle",
    "uninstall",
    "update",
    "update_automatically",
    "update_simple",
]
