"""Why a package is not published."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound, TooLarge, TooMany


class PackageProblems(Invalid):
    """The package cannot be published; `errors` names every reason that was found."""

    type = "package-refused"
    title = "The package was refused"
    advice = "Correct what `errors` names, build again and publish again; `aei plugin check` asks the same."


class PackageTooLarge(TooLarge):
    """The package is larger than what is taken."""

    type = "package-too-large"
    advice = "A package may have 64 MiB; leave out what the plugin does not need to run."


class QuotaExceeded(Conflict):
    """The publisher would keep more than it may; `used` and `allowed` say how much."""

    type = "quota-exceeded"
    title = "The publisher's quota is used up"
    advice = "/api/publisher/quota shows what is used. Ask the operator for more, and say what for."


class PublishRateExceeded(TooMany):
    """The publisher published as often as it may within an hour."""

    type = "publish-rate-exceeded"


class NoSuchPublisher(NotFound):
    """There is no such publisher."""

    type = "no-such-publisher"


class VersionTaken(Conflict):
    """This version exists, and a release never changes."""

    type = "version-taken"
    advice = "Raise the version in plugin.json, build again and publish again."


class NotThatLarge(Invalid):
    """The public log has never had so many entries."""

    type = "log-not-that-large"
    advice = "Ask for sizes of checkpoints that you have seen; /api/log/checkpoint has the newest."
