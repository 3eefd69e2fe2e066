"""Which notices there are: one template each, who may not miss them, and how they reach people by default."""

from collections.abc import Mapping
from string import Template

from aei_marketplace.ground.texts import one_line
from aei_marketplace.notices.rules.kind import Kind, MailSetting, Severity, Words
from aei_marketplace.notices.rules.kinds_of_money import KINDS_OF_MONEY
from aei_marketplace.notices.rules.kinds_of_reviews import KINDS_OF_REVIEWS

LONGEST_VALUE = 500
_SECURITY = "It concerns the security of your tenant."
_LISTING = "/marketplace/$plugin"


def _alarm(name: str, title: str, text: str) -> Kind:
    """A notice about the security of whoever reads it."""
    return Kind(name, title, text, Severity.CRITICAL, MailSetting.IMMEDIATE, fixed=_SECURITY, link=_LISTING)


#: Who sends each of them stands in `announcements`.
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        _alarm(
            "release.quarantined",
            "$plugin $version is quarantined",
            "The registry has stopped this release while it is examined. You have it installed; nothing of it"
            " runs until it is released.\nReason given: $reason",
        ),
        _alarm(
            "release.blocked",
            "$plugin $version is blocked",
            "The registry has stopped this release for good. You have it installed; it does not run any more."
            " Update to another version, or uninstall it.\nReason given: $reason",
        ),
        Kind(
            "release.yanked",
            "$plugin $version was withdrawn",
            "The publisher does not offer this release any more. You have it installed; it goes on running."
            " Consider another version.\nReason given: $reason",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
            link=_LISTING,
        ),
        _alarm(
            "advisory.grave",
            "$severity: $title ($plugin)",
            "The advisory $advisory concerns $plugin $version, which you have installed. $mended Until then"
            " consider switching it off.",
        ),
        Kind(
            "advisory.filed",
            "$severity: $title ($plugin)",
            "The advisory $advisory concerns $plugin $version, which you have installed. $mended",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
            link=_LISTING,
        ),
        Kind(
            "advisory.withdrawn",
            "The advisory $advisory about $plugin was withdrawn",
            "It concerned $version, which you have installed. It does not stand any more.\nReason given:"
            " $reason",
            link=_LISTING,
        ),
        Kind(
            "certification.granted",
            "$plugin $version is certified",
            "The badge holds until $expires. It ends sooner when the registry stops the release or a grave"
            " advisory concerns it.",
            link=_LISTING,
        ),
        Kind(
            "certification.lost",
            "$plugin $version is no longer certified: $state",
            "Your release lost its badge. Publish a version that mends it, or ask for certification anew."
            "\nReason: $reason",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
            link=_LISTING,
        ),
        Kind(
            "certification.ended",
            "$plugin $version is no longer certified: $state",
            "You have this release installed. It goes on running unless your policy says otherwise; look at"
            " the reason and whether a newer version mends it.\nReason: $reason",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
            fixed=_SECURITY,
            link=_LISTING,
        ),
        Kind(
            "release.held",
            "$plugin $version is held and not listed",
            "It was scanned before anybody could see it. Correct what was found and publish another version."
            "\n$reason",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
        ),
        Kind(
            "release.delayed",
            "$plugin $version could not be scanned yet",
            "Nothing was found against it. It is scanned again by itself, and listed once a scan has passed;"
            " you need not send another version.\n$reason",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
        ),
        Kind(
            "release.stopped",
            "$plugin $version is quarantined after its scan",
            "It was listed before a scan had come to an end, as this marketplace's policy allows. Nothing of"
            " it runs until staff have looked at it.\n$reason",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
        ),
        _alarm(
            "sandbox.violated",
            "$plugin $version may have broken out of its runtime",
            "A process that ran this release did what no plugin can make it do. It was killed, and the walls"
            " of the operating system stood around it. Switch the plugin off until its publisher and the"
            " operator have looked at it.\nExecution: $execution",
        ),
        Kind(
            "update.asks_more",
            "$plugin $version asks for more permissions",
            "You have $present installed. The new version also requests: $permissions. It gets nothing that"
            " you do not grant.",
            mail=MailSetting.DAILY,
            link=_LISTING,
        ),
        Kind(
            "operation.failed",
            "$operation $plugin failed",
            "What you asked for was not carried out: $problem",
            severity=Severity.WARNING,
            link="/marketplace/installed",
        ),
        Kind(
            "case.decided",
            "A decision about $subject: $verdict",
            "The operator's staff have decided.\nReason given: $reason\n$appeal",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
            fixed="It may be appealed, within a time that runs.",
        ),
        Kind(
            "case.appealed",
            "An appeal about $subject",
            "A decision was appealed and waits for its second and last round.",
            mail=MailSetting.IMMEDIATE,
        ),
        *KINDS_OF_REVIEWS,
        Kind(
            "quota.near",
            "Your publisher has used $used of $allowed $quota",
            "When all is used, nothing more is published. Ask the operator for more in time.",
            severity=Severity.WARNING,
        ),
        Kind(
            "namespace.offered",
            "$sender offers you the namespace $namespace",
            "With it come all plugins in it, and whoever has them installed relies on you from then on."
            " Accept or decline it within seven days: aei namespace accept $namespace",
            mail=MailSetting.IMMEDIATE,
        ),
        Kind(
            "namespace.transferred",
            "The namespace $namespace went from $sender to $receiver",
            "All plugins in it have another publisher now. Nobody belongs to the namespace by name any more,"
            " and workflows and tokens that published into it for $sender have ended.",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
            fixed="It says who may publish under a name.",
        ),
        Kind(
            "plugin.publisher_changed",
            "$plugin has another publisher: $publisher",
            "You have it installed, and nothing of your installation has changed. Releases of the new"
            " publisher do not arrive by themselves: look at who they are, and update by hand once if you"
            " trust them.",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
            fixed=_SECURITY,
            link=_LISTING,
        ),
        Kind(
            "domain.verified",
            "$domain proves who you are",
            "Your publisher is shown as verified as long as the proof stands there. Leave it where it is.",
        ),
        Kind(
            "domain.unproven",
            "$domain does not prove who you are",
            "The proof was not found for a week, and is not looked for any longer. Last: $problem. Put it"
            " back and ask for a new proof: aei publisher verify $domain",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
        ),
        Kind(
            "tenant.closed",
            "$tenant was closed",
            "The operator of this marketplace has closed it. Your tokens and sessions in it have ended, and"
            " nothing of it runs any more. Its data is kept as long as retention says, and it can be opened"
            " again: write to the operator if you think that it should be.\nReason given: $reason",
            severity=Severity.CRITICAL,
            mail=MailSetting.IMMEDIATE,
            fixed="It says why nobody can work there any more.",
        ),
        Kind(
            "tenant.reopened",
            "$tenant is open again",
            "Its members and installations are as they were. Sign in anew; tokens and invitations that ended"
            " stay ended, so make new ones.",
            mail=MailSetting.IMMEDIATE,
        ),
        Kind(
            "webhook.disabled",
            "The webhook $name was disabled",
            "It does not get notices any more. Last: $problem. Correct it, test it, and enable it again.",
            severity=Severity.WARNING,
            mail=MailSetting.IMMEDIATE,
        ),
        Kind(
            "mail.undelivered",
            "Mail cannot be delivered",
            "A notice was given up after $attempts attempts. Last: $problem",
            severity=Severity.WARNING,
            unmailed="It tells that mail does not arrive.",
        ),
        *KINDS_OF_MONEY,
    )
}


def kind_of(name: str) -> Kind:
    """A kind by its name; notices of a kind that is gone keep their name and their values.

    Args:
        name: as a stored notice has it.
    """
    return KINDS.get(name) or Kind(name, name, "", fixed=None)


def check_data(name: str, data: Mapping[str, str]) -> Mapping[str, str]:
    """The values of a notice as they are kept: one line each.

    Raises:
        ValueError: there is no such kind, or its values have other names.
    """
    if name not in KINDS:
        raise ValueError(f"there is no kind of notice {name!r}: describe it in notices.rules.kinds")
    if frozenset(data) != KINDS[name].fields:
        raise ValueError(f"{name} takes {sorted(KINDS[name].fields)}, not {sorted(data)}")
    return {field: one_line(value, LONGEST_VALUE) for field, value in data.items()}


def worded(name: str, data: Mapping[str, str]) -> Words:
    """A notice in words: plain text, to be escaped by whoever shows it."""
    kind = kind_of(name)
    title, text = (Template(t).safe_substitute(data) for t in (kind.title, kind.text))
    link = None if kind.link is None else Template(kind.link).safe_substitute(data)
    return Words(one_line(title, LONGEST_VALUE), text, link)
