"""`python -m aei_marketplace.launcher`: `up` without loading the whole marketplace into the supervisor."""

import argparse
import sys
from pathlib import Path

from aei_marketplace.launcher import run_up
from aei_marketplace.settings import SettingsError, load_settings


def main(arguments: list[str] | None = None) -> int:
    """Read the flags of `up` and run the marketplace."""
    flags = vars(_parser().parse_args(arguments))
    ready_file = flags.pop("ready_file")
    try:
        settings = load_settings(flags)
    except SettingsError as error:
        print(f"  ! {error}", file=sys.stderr)
        return 2
    return run_up(settings, ready_file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="market up",
        description="Run the marketplace on this machine. Settings also come from AEI_* and aei.toml.",
        argument_default=None,
        allow_abbrev=False,
    )
    parser.add_argument("--data", metavar="DIR", help="the folder that holds all that lasts")
    parser.add_argument("--host", help="the address to listen on (127.0.0.1)")
    parser.add_argument("--port", metavar="N", help="the port to listen on (8420); 0 picks a free one")
    parser.add_argument("--seed", metavar="demo|none", help="what an empty marketplace is filled with (demo)")
    parser.add_argument(
        "--database-url", metavar="URL", help="an existing PostgreSQL instead of the embedded one"
    )
    parser.add_argument("--max-workers", metavar="N", help="at most so many sandbox workers")
    parser.add_argument(
        "--public-url", metavar="URL", help="how callers reach this marketplace through a proxy"
    )
    parser.add_argument(
        "--development-without-walls",
        action="store_true",
        default=None,
        help="run plugins even where the operating system's walls are missing",
    )
    parser.add_argument("--ready-file", metavar="F", type=Path, help="written when ready: url, tokens, pids")
    return parser


if __name__ == "__main__":
    sys.exit(main())
