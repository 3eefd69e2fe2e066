"""Decisions of certification: states, policies, verdicts, turns in the queue; values in, values out."""
