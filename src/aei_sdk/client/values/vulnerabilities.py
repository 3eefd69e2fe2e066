"""Known vulnerabilities of packages inside of plugins."""

from typing import TypedDict


class PackageInside(TypedDict):
    """A package that a release contains."""

    ecosystem: str
    name: str
    version: str


class Vulnerability(TypedDict):
    """An advisory that stands against a package inside; `standing` is `affected` or `unknown`."""

    advisory: str
    aliases: list[str]
    summary: str
    severity: str | None
    informational: str | None
    package: PackageInside
    origin: str
    standing: str
    fixed: list[str]
    since: str


class Vulnerabilities(TypedDict):
    """What stands against one release; `scanned_at` is None where nobody has looked inside yet."""

    plugin_id: str
    version: str
    scanned_at: str | None
    components: int
    advisories_at: str | None
    items: list[Vulnerability]
