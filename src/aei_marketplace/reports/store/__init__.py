"""Every query of the reports."""
