"""Changes since the last certified release: permissions, hosts, size, software inside."""

from collections.abc import Iterator

from aei_inspection.checks.check import Check, NotRun
from aei_inspection.checks.network import Declared
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Previous, Subject
from aei_inspection.content.addresses import Address, Kind, declared, domain_of, kin
from aei_inspection.content.known_hosts import DROPS, is_among, is_reference
from aei_protocol.manifest import Manifest

#: A release that grows by so much and so many times at once is another program.
SIZE_FACTOR, SIZE_BYTES = 3.0, 1024 * 1024
_HOSTS = "plugin.json#/permissions/network/hosts"
_GRANT = "Tell in the CHANGELOG what it is for. Tenants grant it anew before they get it."


def run(subject: Subject) -> Iterator[Finding]:
    """What is new.

    Raises:
        NotRun: no release of this plugin is certified yet.
    """
    if subject.previous is None:
        raise NotRun("No release of this plugin is certified yet.")
    before = Manifest(subject.previous.manifest)
    yield from _permissions(before, subject.manifest)
    yield from _hosts(before, subject.manifest)
    yield from _named_hosts(subject, subject.previous, before)
    yield from _size(subject, subject.previous)


def _permissions(before: Manifest, now: Manifest) -> Iterator[Finding]:
    """What is requested beyond the last release, hosts left out."""
    beyond = now.capabilities.beyond(before.capabilities)
    for name, extra in sorted(beyond.items()):
        if name != "hosts":
            title = f"Requests more than the certified release did: {name}"
            yield Finding(
                Severity.MEDIUM, title, "plugin.json#/permissions", _GRANT, str(extra), "new-permission"
            )


def _hosts(before: Manifest, now: Manifest) -> Iterator[Finding]:
    """Hosts that are requested now. One of a domain that the plugin never named needs a person's look: an
    update is how a plugin that is trusted begins to send elsewhere."""
    known = Declared.by(before)
    for host in now.capabilities.beyond(before.capabilities).get("hosts", ()):
        if is_among(_name(host), DROPS):
            title = "The update adds a public drop, tunnel or request catcher"
        elif not kin(_name(host), (*known.hosts, *known.own)):
            title = "The update adds a host of another domain"
        else:
            title = "The update adds a host of the same domain"
            yield Finding(Severity.LOW, title, _HOSTS, _GRANT, host, "new-host")
            continue
        yield Finding(Severity.HIGH, title, _HOSTS, _GRANT, host, "new-foreign-host")


def _named_hosts(subject: Subject, previous: Previous, before: Manifest) -> Iterator[Finding]:
    """Hosts that the code names now and did not, and that are neither declared nor mere references."""
    known, says = Declared.by(before), Declared.by(subject.manifest)
    domains = {domain_of(host) for host in previous.hosts}
    for host in sorted(set(subject.hosts) - set(previous.hosts)):
        address = Address(host, Kind.NAME)
        if declared(address, says.hosts) or is_reference(host, "/") or kin(host, (*known.hosts, *known.own)):
            continue
        severity = Severity.LOW if domain_of(host) in domains else Severity.MEDIUM
        title = "The update's code names a host that it did not name before"
        yield Finding(severity, title, "plugin.wasm", _GRANT, host, "new-named-host")


def _size(subject: Subject, previous: Previous) -> Iterator[Finding]:
    size = len(subject.content)
    if size > previous.size * SIZE_FACTOR and size - previous.size > SIZE_BYTES:
        title = f"The package is {size / max(previous.size, 1):.1f} times as large as the certified one"
        advice = "Tell in the CHANGELOG what was added."
        yield Finding(
            Severity.MEDIUM, title, "archive:/", advice, f"{previous.size:,} to {size:,} bytes", "size-jump"
        )


def _name(host: str) -> str:
    return host.removeprefix("*.").partition(":")[0]


CHECK = Check("changes", 1, "Changes since the last certified release", run)
