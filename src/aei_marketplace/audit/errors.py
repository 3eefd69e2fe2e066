"""What can be wrong with the log."""


class LogCorrupt(Exception):
    """An entry or a node is not what its hash says. Nothing is sequenced until somebody looks."""
