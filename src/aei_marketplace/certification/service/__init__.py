"""What can be done in certification."""
