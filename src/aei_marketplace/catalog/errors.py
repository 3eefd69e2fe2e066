"""Refusals of the catalogue."""

from aei_marketplace.ground.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refusal,
    TooLarge,
    TooMany,
    Unavailable,
)


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


class PackageProblems(Invalid):
    """The package cannot be published; `errors` names every reason that was found."""

    type = "package-refused"
    title = "The package was refused"
    advice = "Correct what `errors` names, build again and publish again; `aei plugin check` asks the same."


class PackageTooLarge(TooLarge):
    """The package is larger than what is taken."""

    type = "package-too-large"
    advice = "A package may have 64 MiB; leave out what the plugin does not need to run."


class WrongPlugin(Invalid):
    """The package belongs to another plugin than the address says."""

    type = "wrong-plugin"


class AudienceRefused(Invalid):
    """The audience names a tenant that does not exist, or the plugin is public."""

    type = "audience-refused"


class NamespaceReserved(Invalid):
    """The namespace is kept for the marketplace itself."""

    type = "namespace-reserved"
    advice = (
        "Choose another namespace, for example your organisation's short name, or ask for it at"
        " /api/name-claims with the reason."
    )


class NameConfusable(Conflict):
    """The name would be taken for one of another publisher; `resembles` says which, `likeness` why."""

    type = "name-confusable"
    title = "The name resembles another publisher's"
    advice = "Choose another name, or ask for this one at /api/name-claims and say why it is yours."


class NothingRefused(Conflict):
    """The name can be had without asking."""

    type = "name-not-refused"
    advice = "Claim it at /api/namespaces, or publish under it."


class NoSuchNameClaim(NotFound):
    """There is no such wish for a name, or none that the caller may see."""

    type = "no-such-name-claim"


class NamespaceTaken(Conflict):
    """Another publisher claimed the namespace first."""

    type = "namespace-taken"
    advice = "Choose another namespace; who claims one first owns it."


class NamespaceForeign(NotAllowed):
    """The namespace belongs to another publisher."""

    type = "namespace-foreign"
    advice = "Publish under a namespace of your own: change the part of the id before the dot."


class NoSuchNamespace(NotFound):
    """The actor's tenant has no such namespace; another's looks the same."""

    type = "no-such-namespace"
    title = "No such namespace"
    advice = "/api/namespaces shows those of your tenant."


class NotInNamespace(NotAllowed):
    """The namespace is its members' alone, or what is asked is its owners'."""

    type = "not-in-namespace"
    title = "Not for you in this namespace"
    advice = "Ask an owner of the namespace, or an Admin of your tenant."


class NoSuchNamespaceMember(NotFound):
    """Nobody of that name belongs to the namespace, or to the tenant."""

    type = "no-such-namespace-member"
    advice = "Members belong to the tenant first; an Admin invites people into it."


class FirstMemberOwns(Conflict):
    """The first member of a namespace has to be an owner."""

    type = "first-member-owns"
    advice = "Name an owner first."


class LastOwner(Conflict):
    """Without them the namespace would have no owner."""

    type = "last-owner"
    title = "The last owner"
    advice = "Name another owner first, or open the namespace to all who publish for your tenant."


class TransferToOneself(Invalid):
    """The namespace would stay where it is."""

    type = "transfer-to-oneself"


class TransferOffered(Conflict):
    """The namespace is offered to somebody already."""

    type = "transfer-offered"
    advice = "Take that offer back first."


class TooManyOffers(TooMany):
    """The tenant offered namespaces as often as it may within a day."""

    type = "too-many-offers"


class NoSuchTransfer(NotFound):
    """Nobody offers this namespace, or not to or from the actor's tenant."""

    type = "no-such-transfer"


class TransferEnded(Conflict):
    """The offer was accepted, taken back or declined, or its time is over."""

    type = "transfer-ended"
    advice = "/api/namespace-transfers shows what became of it; a new offer can be made."


class DomainKnown(Conflict):
    """A proof by this domain is looked for, or holds."""

    type = "domain-known"
    advice = "/api/publisher/domains shows it. To prove it in another way, delete it first."


class TooManyDomains(Conflict):
    """The publisher has as many domains as are looked at."""

    type = "too-many-domains"
    advice = "Delete one that is not needed any more."


class NoSuchDomain(NotFound):
    """The publisher has no such proof."""

    type = "no-such-domain"


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


class VisibilityFixed(Conflict):
    """A public plugin does not become private: others may rely on it."""

    type = "visibility-fixed"
    advice = "Yank its releases to stop offering it, or publish under another id."


class StateChangeRefused(Conflict):
    """The release cannot go from its present state to the one asked for."""

    type = "state-change-refused"


class NotYourPlugin(NotAllowed):
    """Only the plugin's publisher and staff may do this."""

    type = "not-your-plugin"
    advice = "Ask its publisher; to report a problem with it, use /api/reports."


class ReleaseChanged(Refusal):
    """The release is not what the caller last saw."""

    status = 412
    type = "release-changed"
    title = "It has changed meanwhile"
    advice = "Read the release again and decide anew."


class PackageStopped(Conflict):
    """The registry has stopped the release; its package is not given out."""

    type = "package-stopped"
    title = "The package is not given out"


class PackageRemoved(Refusal):
    """The release was removed for good."""

    status = 410
    type = "package-removed"
    title = "The package was removed"
    advice = "Choose another version."


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


class NoKillListYet(Unavailable):
    """The job process has not signed a kill list."""

    type = "no-kill-list-yet"
    title = "Not signed yet"
    advice = "Ask again in a second or two; if it lasts, the operator's job process does not run."


class NotThatLarge(Invalid):
    """The public log has never had so many entries."""

    type = "log-not-that-large"
    advice = "Ask for sizes of checkpoints that you have seen; /api/log/checkpoint has the newest."


class SignatureRequired(Invalid):
    """The publisher decided that every release is signed."""

    type = "signature-required"
    title = "The package is not signed"
    advice = "Sign it: aei plugin publish --sign; or change the decision at /api/signing-policy."


class SignatureNotAccepted(Invalid):
    """The signature does not stand for this package; the code in `errors` says why."""

    type = "signature-refused"
    title = "The signature was refused"
    advice = (
        "Sign the very file that you publish, with a key that `aei key list` shows and that is not revoked."
    )


class SignatureBroken(Conflict):
    """What would be installed is not what its publisher signed."""

    type = "signature-broken"
    title = "The signature does not hold any more"
    advice = "Do not use this release. Tell the operator: stored content was changed or lost."


class NoSignature(NotFound):
    """The release was published without a signature."""

    type = "no-signature"
    title = "Not signed"
    advice = ""


class NoSuchSigningKey(NotFound):
    """The publisher has no such key that could still sign."""

    type = "no-such-signing-key"


class SigningKeyKnown(Conflict):
    """The publisher registered this key before."""

    type = "signing-key-known"
    advice = "`aei key list` shows it. A key that was revoked does not come back: make a new one."


class TooManySigningKeys(Conflict):
    """The publisher has as many keys as are kept."""

    type = "too-many-signing-keys"
    advice = "Use one of those that you have."


class IdentityTokenRefused(NotSignedIn):
    """The identity token proves nothing here; the code in `errors` says why."""

    type = "identity-token-refused"
    title = "The identity token was refused"
    advice = "Have the build service make a fresh one for the audience that /api/trusted-publishing names."


class NotTrustedPublisher(NotAllowed):
    """The workflow is who it says, and the plugin does not trust it."""

    type = "not-a-trusted-publisher"
    title = "This workflow is not trusted"
    advice = (
        "The plugin's publisher names issuer, repository and workflow at /api/trusted-publishers, exactly."
    )


class TrustedPublishingOff(Unavailable):
    """Identity tokens are made for an address, and this marketplace has none."""

    type = "trusted-publishing-off"
    title = "Trusted publishing is off"
    advice = "Its operator sets AEI_PUBLIC_URL."
    retry = False


class NoSuchTrustedPublisher(NotFound):
    """The tenant trusts no such workflow."""

    type = "no-such-trusted-publisher"


class TrustedPublisherKnown(Conflict):
    """The plugin trusts this workflow already."""

    type = "trusted-publisher-known"


class TooManyTrustedPublishers(Conflict):
    """The plugin trusts as many workflows as it can."""

    type = "too-many-trusted-publishers"
    advice = "Remove one that is not used any more."


class IndexUnfinished(Unavailable):
    """The process has just begun to serve and its search index is being filled."""

    type = "search-index-unfinished"
    title = "The search is not ready yet"
    advice = "Try again in a few seconds. Listings and installed plugins can be used meanwhile."


class NoSuchAdvisory(NotFound):
    """There is no such advisory, or none about a plugin that the caller may see."""

    type = "no-such-advisory"
    title = "No such advisory"
    advice = "/api/advisories lists those that you may read."


class NotYourAdvisory(NotAllowed):
    """Staff filed it: who it is about does not change it."""

    type = "not-your-advisory"
    advice = "Write to the operator if it is wrong; you can file an advisory of your own beside it."


class AdvisoryWithdrawn(Conflict):
    """What was taken back is not changed any more."""

    type = "advisory-withdrawn"
    advice = "File a new advisory."


class AdvisoryStale(Refusal):
    """The advisory changed since the caller read it."""

    status = 412
    type = "advisory-changed"
    title = "The advisory has changed meanwhile"
    advice = "Read it again and send the change with its new ETag."


class NoReleaseAffected(Invalid):
    """No release lies in the affected range."""

    type = "no-release-affected"
    advice = "The plugin's versions are listed under /api/plugins/{pluginId}/versions."


class TooManyAdvisories(Conflict):
    """The plugin has as many advisories as are taken."""

    type = "too-many-advisories"
    advice = "Change one that stands, or report the plugin to the operator."
