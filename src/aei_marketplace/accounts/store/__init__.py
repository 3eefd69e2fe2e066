"""Every query of the accounts."""
