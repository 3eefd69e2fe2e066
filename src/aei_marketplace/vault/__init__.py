"""The vault: a tenant's secrets, sealed at rest, read by the sandbox's broker alone."""
