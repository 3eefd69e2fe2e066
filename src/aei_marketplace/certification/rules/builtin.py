"""The policy until an operator makes another, and every check that policies can name."""

from aei_inspection import rehearsal
from aei_inspection.advisories import results as vulnerabilities
from aei_inspection.checks.check import find_checks
from aei_inspection.checks.report import Severity
from aei_marketplace.certification.rules import dependencies, reputation
from aei_marketplace.certification.rules.policies import Policy, Terms

#: Checks that need the marketplace beside the package, by id, with their titles.
_OF_THE_MARKETPLACE = {
    rules.ID: rules.TITLE for rules in (vulnerabilities, dependencies, reputation, rehearsal)
}
#: All checks, by id, with their titles.
KNOWN_CHECKS = {**{check.id: check.title for check in find_checks()}, **_OF_THE_MARKETPLACE}

BUILT_IN = Policy(
    number=1,
    terms=Terms(
        required=(
            *("package", "component", "permissions", "embedded", "dependency-names", "vulnerabilities"),
            *("yara", "secrets", "hidden-code", "hidden-text", "work-loops", "network", "dependencies"),
            "behaviour",
        ),
        where_possible=(
            *("source-analysis", "source-match", "sbom", "unused-permissions", "changes"),
            "reputation",
        ),
        tolerated={Severity.CRITICAL: 0, Severity.HIGH: 0},
        publish_required=("package", "component", "permissions", "yara", "secrets"),
    ),
)
