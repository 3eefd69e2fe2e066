"""What happens by itself in billing."""
