"""What billing tells the other domains."""
