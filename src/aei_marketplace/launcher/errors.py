"""What keeps the marketplace from running."""


class LaunchError(RuntimeError):
    """The marketplace cannot start or go on; the message says why and what to do next."""


class AlreadyRunning(LaunchError):
    """Another launcher runs on the same data folder."""
