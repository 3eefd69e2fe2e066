"""For authors and callers: make, build, test and publish plugins; find, install and run them.

The command `aei` is `aei_sdk.cli`; programs use `aei_sdk.client.Client`.
"""
