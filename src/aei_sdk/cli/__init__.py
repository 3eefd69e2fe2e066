"""The command `aei`: for whoever finds, installs and runs plugins, and for whoever writes them."""


def main() -> None:
    """Run the command line and end the process with its exit code (see `aei_sdk.errors.ExitCode`)."""
    from aei_sdk.cli.app import app

    app()
