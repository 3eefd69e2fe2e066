"""Rules of sales."""
