"""Where the cases of each kind are decided: the one place that knows all of them."""

from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification import service as certification
from aei_marketplace.decisions.service import by_kind
from aei_marketplace.reports import service as reports
from aei_marketplace.reviews import service as reviews

#: By the name of the kind.
DESKS = by_kind((reports.DESK, certification.DESK, catalog.NAME_DESK, reviews.DESK))
