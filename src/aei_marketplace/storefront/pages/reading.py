"""What a plugin's page reads: in one work, and no more than the open tab shows."""

import asyncio
from dataclasses import dataclass

from aei_marketplace.billing import service as billing
from aei_marketplace.billing.service import Offer
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import Advisory, PluginView, ReleaseView
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.installations.rules.actions import PluginAction
from aei_marketplace.storefront.rules.markdown import Rendered, render_markdown

OVERVIEW, VERSIONS, REVIEWS, PERMISSIONS, DEPENDENCIES, ADVISORIES, PROOF = TABS = (
    "overview", "versions", "reviews", "permissions", "dependencies", "advisories", "proof",
)  # fmt: skip
#: Levels of the headings above a README, a change log, and what an advisory says.
_PAGE, _SECTION, _ENTRY = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an address asks for.

    Attributes:
        version: empty for the one that the listing describes.
        tab: one of `TABS`.
        releases: which of the plugin's releases.
    """

    plugin_id: str
    version: str
    tab: str
    releases: PageWanted


@dataclass(frozen=True, slots=True)
class Dependency:
    """A plugin that a release calls.

    Attributes:
        range: the versions that do.
        latest: its latest release for who looks; None where there is none.
    """

    plugin_id: str
    range: str
    latest: ReleaseView | None


@dataclass(frozen=True, slots=True)
class Texts:
    """Long texts as HTML, as far as the open tab shows them.

    Attributes:
        advisories: what each says, in the order of the advisories.
    """

    readme: Rendered | None = None
    changelog: Rendered | None = None
    advisories: tuple[Rendered, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What the database knows.

    Attributes:
        release: the one that the page shows.
        releases: some of the plugin's, the highest first.
        total: how many there are.
        advisories: those that stand about the plugin, the latest first.
        text: README or change log, whichever the tab shows.
        dependencies: empty on other tabs.
    """

    plugin: PluginView
    release: ReleaseView
    releases: tuple[ReleaseView, ...]
    total: int
    next_cursor: str | None
    advisories: tuple[Advisory, ...]
    text: str | None
    dependencies: tuple[Dependency, ...]
    action: PluginAction
    offer: Offer

    @property
    def concerning(self) -> tuple[Advisory, ...]:
        """The advisories about the release that is shown."""
        return tuple(advisory for advisory in self.advisories if advisory.id in self.release.advisories)


async def read_listing(work: Work, wanted: Wanted, aei_version: str) -> Found:
    """Everything that the page needs.

    Raises:
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
        Invalid: the cursor is of another list.
    """
    plugin = await catalog.find_plugin(work, wanted.plugin_id)
    page = await catalog.list_releases(work, plugin.id, wanted.releases)
    chosen = wanted.version or plugin.latest_version
    known = next((release for release in page.items if release.version == chosen), None)
    release = known or await catalog.find_release(work, plugin.id, chosen)
    return Found(
        plugin=plugin,
        release=release,
        releases=tuple(page.items),
        total=page.total,
        next_cursor=page.next_cursor,
        advisories=tuple(await catalog.standing_advisories(work, plugin.id)),
        text=await _text(work, release, wanted.tab),
        dependencies=await _dependencies(work, release) if wanted.tab == DEPENDENCIES else (),
        action=(await installations.actions_for(work, aei_version, [plugin.id]))[plugin.id],
        offer=await billing.offer_of(work, plugin),
    )


async def render_texts(found: Found, tab: str) -> Texts:
    """The texts of strangers as HTML. That takes as long as they like, within a limit, so others go on."""
    match tab:
        case "overview" if found.text is not None:
            name = str(found.release.manifest.document["name"])
            return Texts(readme=await asyncio.to_thread(render_markdown, found.text, below=_PAGE, title=name))
        case "versions" if found.text is not None:
            said = await asyncio.to_thread(render_markdown, found.text, below=_SECTION, title="Changelog")
            return Texts(changelog=said)
        case "advisories":
            return Texts(advisories=await asyncio.to_thread(_advised, found.advisories))
    return Texts()


async def _text(work: Work, release: ReleaseView, tab: str) -> str | None:
    if tab not in (OVERVIEW, VERSIONS):
        return None
    texts = await catalog.find_texts(work, release.plugin_id, release.version)
    return texts.readme if tab == OVERVIEW else texts.changelog


async def _dependencies(work: Work, release: ReleaseView) -> tuple[Dependency, ...]:
    needed = release.manifest.dependencies
    latest = await catalog.latest_versions(work, needed) if needed else {}
    return tuple(Dependency(id, wanted, latest.get(id)) for id, wanted in sorted(needed.items()))


def _advised(advisories: tuple[Advisory, ...]) -> tuple[Rendered, ...]:
    return tuple(render_markdown(each.statement.details, below=_ENTRY) for each in advisories)
