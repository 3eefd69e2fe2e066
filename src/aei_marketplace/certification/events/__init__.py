"""What happens in certification, told to other domains and jobs."""
