"""Rules of statements and payouts."""
