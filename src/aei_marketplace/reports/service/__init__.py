"""What can be done with reports about plugins."""

from aei_marketplace.reports.rules.filing import Outcome, Report, ReportKind, Wish
from aei_marketplace.reports.rules.verdicts import KIND, Verdict
from aei_marketplace.reports.service.deciding import DESK, decide_report
from aei_marketplace.reports.service.filing import file_report
from aei_marketplace.reports.service.reading import Listed, find_report, list_reports
from aei_marketplace.reports.service.stopping import quarantine_reported, remove_for_good
from aei_marketplace.reports.service.trusting import TrustedReporter, distrust, list_trusted, trust

__all__ = [
    "DESK",
    "KIND",
    "Listed",
    "Outcome",
    "Report",
    "ReportKind",
    "TrustedReporter",
    "Verdict",
    "Wish",
    "decide_report",
    "distrust",
    "file_report",
    "find_report",
    "list_reports",
    "list_trusted",
    "quarantine_reported",
    "remove_for_good",
    "trust",
]
