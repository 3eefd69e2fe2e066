"""`python -m aei_sdk.cli` is `aei`."""

from aei_sdk.cli import main

main()
