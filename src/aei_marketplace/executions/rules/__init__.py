"""Decisions about executions: what a request may say, how an end is written down, what callers see."""
