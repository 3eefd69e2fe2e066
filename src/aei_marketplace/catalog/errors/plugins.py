"""What cannot be shown or is not yours."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable


class PluginNotFound(NotFound):
    """There is no such plugin, or none that the caller may see: the two look the same."""

    type = "plugin-not-found"
    title = "No such plugin"


class ReleaseNotFound(NotFound):
    """The plugin has no such version, or none that the caller may see."""

    type = "release-not-found"
    title = "No such release"
    advice = "The plugin's versions are listed under /api/plugins/{pluginId}/versions."


class IconNotFound(NotFound):
    """No release with this package has an icon that the caller may see."""

    type = "icon-not-found"
    title = "No such icon"
    advice = "A plugin's listing names its icon, where it has one."


class WrongPlugin(Invalid):
    """The package belongs to another plugin than the address says."""

    type = "wrong-plugin"


class AudienceRefused(Invalid):
    """The audience names a tenant that does not exist, or the plugin is public."""

    type = "audience-refused"


class VisibilityFixed(Conflict):
    """A public plugin does not become private: others may rely on it."""

    type = "visibility-fixed"
    advice = "Yank its releases to stop offering it, or publish under another id."


class NotYourPlugin(NotAllowed):
    """Only the plugin's publisher and staff may do this."""

    type = "not-your-plugin"
    advice = "Ask its publisher; to report a problem with it, use /api/reports."


class IndexUnfinished(Unavailable):
    """The process has just begun to serve and its search index is being filled."""

    type = "search-index-unfinished"
    title = "The search is not ready yet"
    advice = "Try again in a few seconds. Listings and installed plugins can be used meanwhile."
