"""What is decided about the log without looking anywhere."""
