"""Every query of statements and payouts."""
