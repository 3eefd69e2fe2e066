"""What collections are and when they are shown: values and decisions, no database."""
