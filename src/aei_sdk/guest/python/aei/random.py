"""Randomness from the host. Python's own `random` repeats the same sequence in every execution."""

from wit_world.imports import random as _host


def hex(count: int) -> str:
    """`count` random bytes (at most 4,096) in hexadecimal."""
    return _host.hex(count)


def integer(below: int) -> int:
    """A whole number from 0 up to and without `below`, each as likely as the other.

    Draws 64 bits more than needed, so that the bias stays under 2^-64.
    """
    size = (below.bit_length() + 64 + 7) // 8
    return int(_host.hex(size), 16) % below
