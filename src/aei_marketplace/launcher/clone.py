"""The clone that this package is installed from, with all that is beside the package."""

from pathlib import Path

CLONE = Path(__file__).resolve().parents[3]
MIGRATIONS = CLONE / "migrations"
PLUGINS = CLONE / "plugins"
