"""Refusals of the reports."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound, TooMany


class ReportUnfit(Invalid):
    """The report says something that is not understood."""

    type = "report-unfit"


class AlreadyReported(Conflict):
    """The same person has an open report about the plugin."""

    type = "already-reported"
    advice = "Wait for the decision; it is in the list of your reports."


class TooManyReports(TooMany):
    """One person reports more than a person can look at in a day."""

    type = "too-many-reports"


class ReportNotFound(NotFound):
    """There is no such report, or it is another tenant's."""

    type = "report-not-found"


class AlreadyTrusted(Conflict):
    """The reporter is on the list."""

    type = "already-trusted"


class NotTrusted(NotFound):
    """The list of trusted reporters has no such entry."""

    type = "not-trusted"
