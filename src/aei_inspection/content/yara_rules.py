"""Our own YARA rules, compiled once, and asked with limits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yara_x

#: One content within this time, or the check is an error.
SECONDS = 20
MAX_MATCHES = 1_000
_SUFFIX = ".yar"
_META = {"severity", "title", "advice"}


@dataclass(frozen=True)
class Match:
    """A rule that fits.

    Attributes:
        rule: its name; `meta`: its severity, title and advice.
        offset, length: its first place in the content, in bytes.
    """

    rule: str
    meta: Mapping[str, str]
    offset: int
    length: int


def matches(content: bytes) -> Iterator[Match]:
    """The rules that fit a content.

    Raises:
        TimeoutError: it took too long to tell.
    """
    import yara_x

    scanner = yara_x.Scanner(compiled())
    scanner.set_timeout(SECONDS)
    scanner.max_matches_per_pattern(MAX_MATCHES)
    try:
        found = scanner.scan(content)
    except yara_x.TimeoutError as error:
        raise TimeoutError(f"the rules took more than {SECONDS} s") from error
    for rule in found.matching_rules:
        places = [(match.offset, match.length) for pattern in rule.patterns for match in pattern.matches]
        offset, length = min(places, default=(0, 0))
        yield Match(rule.identifier, {key: str(value) for key, value in rule.metadata}, offset, length)


@lru_cache(maxsize=1)
def compiled() -> "yara_x.Rules":
    """All rules.

    Raises:
        ValueError: a rule does not say how bad, what it is, or what to do.
    """
    import yara_x

    compiler = yara_x.Compiler()
    folder = files("aei_inspection.checks") / "rules"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(_SUFFIX):
            compiler.add_source(file.read_text("utf-8"), origin=file.name)
    rules = compiler.build()
    for rule in rules:
        if missing := _META - {key for key, _ in rule.metadata}:
            raise ValueError(f"the rule {rule.identifier} has no {', '.join(sorted(missing))}")
    return rules
