"""Every query about notices."""
