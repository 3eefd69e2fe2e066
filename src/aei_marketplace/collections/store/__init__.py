"""Every query about collections."""
