"""Ratings and reviews of plugins, and their moderation."""
