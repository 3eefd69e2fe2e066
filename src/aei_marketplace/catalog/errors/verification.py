"""A publisher's domains."""

from aei_marketplace.ground.errors import Conflict, NotFound


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
