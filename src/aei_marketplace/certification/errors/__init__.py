"""What certification refuses."""
