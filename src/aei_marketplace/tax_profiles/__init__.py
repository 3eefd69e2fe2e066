"""Tax profiles: what creators declare, sealed, and what staff find in it."""
