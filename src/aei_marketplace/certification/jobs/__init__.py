"""What happens by itself in certification."""
