"""What an operator may decide: flags first, then `AEI_*` variables, then `aei.toml`, then defaults."""

from aei_marketplace.settings.model import Seed, Settings
from aei_marketplace.settings.sources import SettingsError, load_settings

__all__ = ["Seed", "Settings", "SettingsError", "load_settings"]
