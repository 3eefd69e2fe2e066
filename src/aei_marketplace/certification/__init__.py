"""Certification: does a release meet a named policy, by scans, a decision and a badge that can be checked."""
