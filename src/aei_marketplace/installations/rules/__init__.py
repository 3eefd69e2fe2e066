"""Decisions about installations: admission, grants, configuration and policy."""
