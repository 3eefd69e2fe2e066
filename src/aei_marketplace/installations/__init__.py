"""Installations: a release installed in a tenant, what it was granted, how it is configured."""
