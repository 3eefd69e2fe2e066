"""Worked scenarios of money, and who plays them: shared with the bench of revenue."""

from aei_marketplace.bench.scenarios import Player, list_plugin, moment, scenarios, terms_of

__all__ = ["Player", "list_plugin", "moment", "scenarios", "terms_of"]
