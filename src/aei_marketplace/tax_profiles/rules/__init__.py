"""Rules of tax profiles."""
