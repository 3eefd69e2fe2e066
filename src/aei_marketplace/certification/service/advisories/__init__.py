"""What can be done with advisories about packages inside of plugins."""

from aei_marketplace.certification.rules.advisories import (
    AdvisorySource,
    PackageAdvisory,
    Search,
    Vulnerability,
)
from aei_marketplace.certification.service.advisories.importing import Imported, Told, import_export
from aei_marketplace.certification.service.advisories.keeping import (
    Comparison,
    compare_packages,
    forget_packages,
    keep_packages,
    match_again,
    recheck_releases,
)
from aei_marketplace.certification.service.advisories.reading import (
    Vulnerabilities,
    advisories_at,
    find_package_advisory,
    list_advisory_sources,
    list_vulnerabilities,
    search_package_advisories,
)
from aei_marketplace.certification.service.advisories.refreshing import refresh

__all__ = [
    "AdvisorySource",
    "Comparison",
    "Imported",
    "PackageAdvisory",
    "Search",
    "Told",
    "Vulnerabilities",
    "Vulnerability",
    "advisories_at",
    "compare_packages",
    "find_package_advisory",
    "forget_packages",
    "import_export",
    "keep_packages",
    "list_advisory_sources",
    "list_vulnerabilities",
    "match_again",
    "recheck_releases",
    "refresh",
    "search_package_advisories",
]
