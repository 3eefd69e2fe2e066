"""Rules of billing."""
