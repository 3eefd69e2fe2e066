"""The public log."""

from aei_marketplace.ground.errors import NotFound, Unavailable


class ReleaseLogCorrupt(Exception):
    """The public log is not what was signed. Nothing is sequenced or signed until somebody looks."""


class NotInLog(NotFound):
    """The public log of releases does not tell of this release."""

    type = "not-in-log"
    title = "Not in the public log"
    advice = "The log holds releases of public plugins, from their listing on."


class NotInLogYet(Unavailable):
    """The release waits for its place in the public log, or for the checkpoint that covers it."""

    type = "not-in-log-yet"
    title = "Not in the public log yet"
    advice = "Ask again in a second or two; if it lasts, the operator's job process does not run."
