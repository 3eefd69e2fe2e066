"""Rules of disputes."""
