"""Backup and restore: one file that holds a whole marketplace, and its way back into an empty one."""
