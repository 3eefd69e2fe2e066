"""Every query of the vault."""
