"""Why a kill list is not given out or taken in, and what one keeps out."""

from aei_marketplace.ground.errors import Conflict, NotFound, Unavailable


class NoKillListYet(Unavailable):
    """The job process has not signed a kill list."""

    type = "no-kill-list-yet"
    title = "Not signed yet"
    advice = "Ask again in a second or two; if it lasts, the operator's job process does not run."


class KillListOutdated(Conflict):
    """A list of the same marketplace that is no older has been imported, and this one is not it."""

    type = "kill-list-outdated"
    title = "A newer list is known"


class NoSuchKillList(NotFound):
    """No list of this marketplace has been imported."""

    type = "no-such-kill-list"
    title = "There is no such list"
    advice = "`aei-marketplace kill-list imported` shows which there are."


class KilledElsewhere(Conflict):
    """An imported list names the package or the component in it."""

    type = "killed-elsewhere"
    title = "Another marketplace has blocked it"
    advice = (
        "If it was blocked by mistake, have that marketplace take it off its list, then ask the staff here."
    )
