"""What actions and roles mean, for people who tick them, and where staff administer."""

from dataclasses import dataclass

TENANTS = "/admin/tenants"
STAFF = "/admin/staff"


@dataclass(frozen=True, slots=True)
class ActionWords:
    """An action, what it is called on pages, and what it allows."""

    action: str
    label: str
    hint: str


#: Every action of a tenant, from what most roles hold to what few do.
ACTION_WORDS = (
    ActionWords("plugin.browse", "Browse", "Find plugins, read listings and reviews."),
    ActionWords("plugin.execute", "Run plugins", "Run what is installed, and try out what is not."),
    ActionWords(
        "plugin.install", "Install plugins", "Also update, configure, grant, switch off and uninstall."
    ),
    ActionWords("plugin.publish", "Publish plugins", "Release in the tenant's own namespaces."),
    ActionWords("review.write", "Write reviews", "Also report reviews and plugins."),
    ActionWords("execution.read_all", "Read all executions", "Without it, only one's own are seen."),
    ActionWords("member.administer", "Manage members", "Invite, give roles, remove."),
    ActionWords("role.administer", "Manage roles", "Define what the tenant's own roles may do."),
    ActionWords("policy.administer", "Manage policies", "Decide what may be installed and run."),
    ActionWords(
        "secret.administer", "Manage secrets", "Keep secrets and model endpoints; values are never shown."
    ),
    ActionWords(
        "token.administer",
        "Manage tokens",
        "See and revoke every member's tokens, issue tokens for services.",
    ),
    ActionWords("spend.administer", "Manage spend", "See and limit what the tenant spends."),
    ActionWords("audit.read", "Read the audit log", "Of this tenant."),
)

#: Every role of the staff and what it lets do, from what most do to what few do.
STAFF_ROLE_WORDS = {
    "Moderator": "Decide about reviews, reports and names; quarantine releases.",
    "Certifier": "Decide certification, waivers and advisories.",
    "Curator": "Curate the sections of the first page.",
    "Finance": "Share agreements, statements, payouts, tax and disputes.",
    "Operator": "All of this, and tenants, staff, the kill list, operations and the whole audit log.",
}
