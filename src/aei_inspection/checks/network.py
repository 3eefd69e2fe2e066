"""Network indicators: the hosts that the code names against those that the manifest declares."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from aei_inspection.checks.check import Check
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.content.addresses import Kind, declared, kin
from aei_inspection.content.files import is_curly, is_example, is_others, is_python, others_folders
from aei_inspection.content.joined import join
from aei_inspection.content.known_hosts import CHATS, DROPS, is_among, is_reference
from aei_inspection.content.mentions import Manner, Mention, hidden, in_memory, in_scripts, in_sources
from aei_inspection.extract.texts import Extract
from aei_protocol.manifest import Manifest

_TO_READ = re.compile(
    r"/(docs?|documentation|guides?|manual|reference|licen[cs]es?|wiki|faq|help|tutorials?|blog|issues|examples?|spec|projects?|packages?|crates?)"
    r"([/#?.]|$)",
    re.IGNORECASE,
)
_DECLARE = "Declare the host in plugin.json with the reason, or remove it from the code."


@dataclass(frozen=True)
class Declared:
    """What a manifest says about hosts.

    Attributes:
        hosts: those that it asks for.
        own: names of the author's pages and mail; what belongs to them is no stranger.
    """

    hosts: tuple[str, ...]
    own: tuple[str, ...]

    @classmethod
    def by(cls, manifest: Manifest) -> "Declared":
        """Read it from a manifest."""
        document = manifest.document
        pages = [
            urlsplit(str(document.get(key, ""))).hostname or ""
            for key in ("homepage", "repository", "support")
        ]
        mail = str(document.get("author", {}).get("email", "")).rpartition("@")[2]
        own = tuple(name for name in (*pages, mail) if name and not is_reference(name, "/"))
        return cls(manifest.capabilities.hosts, own)


def run(subject: Subject) -> Iterator[Finding]:
    """One finding for each host and kind, at the place that says most."""
    says = Declared.by(subject.manifest)
    folders = others_folders(subject.sources)
    taken_over = partial(_taken_over, folders=folders, bundled=bool(subject.distributions))
    found: dict[tuple[str, str], Finding] = {}
    for mention in _mentions(subject):
        finding = judge(mention, says, taken_over(mention.place))
        if finding is None:
            continue
        key = (finding.rule, mention.address.host)
        if key not in found or finding.severity.reaches(found[key].severity):
            found[key] = finding
    yield from found.values()


def _mentions(subject: Subject) -> Iterator[Mention]:
    yield from in_sources(subject.sources)
    yield from in_scripts(subject.scripts)
    yield from in_memory(subject.memory)
    strings = join(subject.strings)
    yield from hidden(Extract("plugin.wasm", strings.content))


def _taken_over(place: str, folders: Iterable[str], bundled: bool) -> bool:
    """Whether what stands here may be of others, or never runs: code that was taken over, tests, settings.

    Args:
        bundled: distributions of others are packed into the component, whose strings can't be told apart.
    """
    path = place.rpartition(":")[0] if place.startswith("source/") else ""
    if not path:
        return bundled
    return not (is_python(path) or is_curly(path)) or is_others(path, folders) or is_example(path)


def judge(mention: Mention, says: Declared, others: bool) -> Finding | None:
    """What a naming of a host comes to; None when it is nothing to speak of.

    Args:
        others: the place may be of code that the author took over.
    """
    address, manner = mention.address, mention.manner
    if manner is Manner.PASSING and address.kind is not Kind.ONION:
        return None
    if declared(address, says.hosts):
        return _declared(mention)
    if address.kind is Kind.LOCAL:
        return _finding(mention, Severity.LOW, "local-address", "Names this machine itself", _DECLARE)
    if manner is Manner.HIDDEN:
        return _hidden(mention, says)
    return _plain(mention, says, Severity.MEDIUM if others or _may_be_shown(mention) else Severity.HIGH)


def _may_be_shown(mention: Mention) -> bool:
    """Whether a text that is a host and nothing else may be one of a list, or lead to something to read."""
    address = mention.address
    bare = not address.scheme and not mention.place.startswith("source/") and address.kind is Kind.NAME
    return mention.manner is Manner.WHOLE and (bare or bool(_TO_READ.search(address.path)))


def _declared(mention: Mention) -> Finding | None:
    if not is_among(mention.address.host, DROPS):
        return None
    title = "Declares a public drop or tunnel as its host"
    return _finding(mention, Severity.MEDIUM, "drop-declared", title, "Use a host that you run.")


def _hidden(mention: Mention, says: Declared) -> Finding | None:
    address = mention.address
    if address.kind is Kind.NAME and (
        kin(address.host, (*says.hosts, *says.own)) or is_reference(address.host, address.path)
    ):
        return None
    title = "Hides a host that the manifest does not declare"
    return _finding(mention, Severity.HIGH, "hidden-host", title, f"Write addresses plainly. {_DECLARE}")


def _plain(mention: Mention, says: Declared, severity: Severity) -> Finding | None:
    address = mention.address
    match address.kind:
        case Kind.ONION:
            return _finding(mention, Severity.HIGH, "onion", "Names a hidden service of Tor", _DECLARE)
        case Kind.ADDRESS:
            advice = "Ask a host by its name, and declare it; addresses are never granted."
            return _finding(mention, severity, "address-literal", "Names a machine by its address", advice)
        case Kind.LOOKALIKE:
            title = "Names a host in letters that look like others"
            return _finding(mention, severity, "lookalike-host", title, _DECLARE)
    if is_among(address.host, DROPS):
        title = "Names a public drop, tunnel or request catcher"
        return _finding(
            mention, severity, "drop", title, "Use a host that you run and that the manifest names."
        )
    if is_reference(address.host, address.path) or kin(address.host, (*says.hosts, *says.own)):
        return None
    if not says.hosts and mention.manner is Manner.WHOLE:
        # Without the permission nothing can be asked; the name may be no more than a link that is shown.
        severity = Severity.MEDIUM
    title = (
        "Names a chat that the manifest does not declare"
        if is_among(address.host, CHATS)
        else ("Names a host that the manifest does not declare")
    )
    return _finding(mention, severity, "undeclared-host", title, _DECLARE)


def _finding(mention: Mention, severity: Severity, rule: str, title: str, advice: str) -> Finding:
    address = mention.address
    seen = f"{address.scheme}://{address.shown}{address.path[:80]}" if address.scheme else address.shown
    evidence = f"{seen} (by {mention.how})" if mention.how else seen
    return Finding(severity, title, mention.place, advice, evidence, rule)


CHECK = Check("network", 1, "Hosts in the code against the manifest", run)
