"""Reading a published package: pure functions on bytes, without a database and without a network.

`gate.inspect_package` is the whole; `archive`, `manifest`, `schemas` and `component` are its parts.
"""
