"""Executions: one run of an installation on one task, with limits, an outcome and usage."""
