"""Finding out whether somebody changed the log, and saying what."""
