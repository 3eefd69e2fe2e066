"""What can be done in certification. Advisories about packages have their own part, `service.advisories`."""

from aei_marketplace.certification.rules.decisions import KIND
from aei_marketplace.certification.rules.policies import Policy, PolicyVersion, Waiver
from aei_marketplace.certification.rules.states import Purpose, RequestState
from aei_marketplace.certification.rules.verdicts import Outcome, Verdict
from aei_marketplace.certification.rules.views import Basis, Evidence, Request
from aei_marketplace.certification.service.badges import find_statement
from aei_marketplace.certification.service.deciding import DESK, decide
from aei_marketplace.certification.service.policies import (
    change_policy,
    find_policy,
    find_waiver,
    list_all_waivers,
    list_policies,
    list_waivers,
    policy_in_force,
    revoke_waiver,
    waive,
)
from aei_marketplace.certification.service.reading import (
    Described,
    Standing,
    find_by_case,
    find_request,
    find_standing,
    list_requests,
    list_verifying_keys,
)
from aei_marketplace.certification.service.requesting import Submitted, scan_again, submit, withdraw

__all__ = [
    "DESK",
    "KIND",
    "Basis",
    "Described",
    "Evidence",
    "Outcome",
    "Policy",
    "PolicyVersion",
    "Purpose",
    "Request",
    "RequestState",
    "Standing",
    "Submitted",
    "Verdict",
    "Waiver",
    "change_policy",
    "decide",
    "find_by_case",
    "find_policy",
    "find_request",
    "find_standing",
    "find_statement",
    "find_waiver",
    "list_all_waivers",
    "list_policies",
    "list_requests",
    "list_verifying_keys",
    "list_waivers",
    "policy_in_force",
    "revoke_waiver",
    "scan_again",
    "submit",
    "waive",
    "withdraw",
]
