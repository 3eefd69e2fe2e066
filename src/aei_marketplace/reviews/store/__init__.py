"""Every query of the reviews."""
