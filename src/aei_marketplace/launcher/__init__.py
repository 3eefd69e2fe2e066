"""The supervisor behind `aei-marketplace up`: database, sandbox, web and jobs as its children."""

from aei_marketplace.launcher.up import run_up

__all__ = ["run_up"]
