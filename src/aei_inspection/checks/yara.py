"""Signs of harm by YARA rules: miners, exfiltration, shells, stores of credentials, loaders, programs."""

from collections.abc import Iterable, Iterator

from aei_inspection.checks.check import Check
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.content.decoding import decoded
from aei_inspection.content.files import is_prose
from aei_inspection.content.joined import Joined, join
from aei_inspection.content.yara_rules import Match, matches
from aei_inspection.extract.memory import Region
from aei_inspection.extract.texts import Extract

_SHOWN = 100


def run(subject: Subject) -> Iterator[Finding]:
    """Each rule once, at the first place where it fits: in the component, in a file of the sources, or behind
    an encoding in one of them."""
    told: set[str] = set()
    for joined in _contents(subject):
        for match in matches(joined.content):
            if match.rule not in told:
                told.add(match.rule)
                yield _finding(match, joined)


def _contents(subject: Subject) -> Iterator[Joined]:
    """The sources first, where a place has a line."""
    sources = [source for source in subject.sources if not is_prose(source.place)]
    yield from (join([source]) for source in sources)
    yield join(_raw(subject.memory))
    # Strings that the memory holds in wider characters.
    yield join(subject.strings)
    strings = Extract("plugin.wasm", join(subject.strings).content)
    yield join(_decoded((*sources, strings)))


def _raw(memory: Iterable[Region]) -> Iterator[Extract]:
    return (Extract(region.place, region.content) for region in memory)


def _decoded(extracts: Iterable[Extract]) -> Iterator[Extract]:
    for extract in extracts:
        for piece in decoded(extract.content):
            yield Extract(f"{extract.place}, behind {piece.how}", piece.content)


def _finding(match: Match, joined: Joined) -> Finding:
    seen = joined.content[match.offset : match.offset + min(match.length, _SHOWN)]
    return Finding(
        Severity(match.meta["severity"]),
        match.meta["title"],
        joined.place(match.offset),
        match.meta["advice"],
        seen.decode("utf-8", "backslashreplace").strip(),
        match.rule.replace("_", "-"),
    )


CHECK = Check("yara", 1, "Signs of harm (YARA rules)", run)
