"""Every query of sales."""
