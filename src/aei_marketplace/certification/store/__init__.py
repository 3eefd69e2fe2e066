"""Every query of certification."""
