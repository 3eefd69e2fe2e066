"""The demo's first page has sections as soon as the examples are published."""

from pathlib import Path

from aei_marketplace.collections import service
from aei_marketplace.collections.service import Shelf, State
from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from aei_marketplace.launcher.clone import PLUGINS
from aei_marketplace.launcher.examples import find_examples
from aei_marketplace.seed import COLLECTIONS, PEOPLE, seed
from tests.builders import make_tenant
from tests.collections.conftest import Curator, sections
from tests.publishing import publish_listed


async def titles(works: Works) -> list[str]:
    async with works.system("tests") as work:
        found = await service.list_collections(work, frozenset({State.PUBLISHED}), PageWanted())
    return [collection.content.title for collection in found.items]


async def test_two_collections_of_the_examples_are_published_once(
    works: Works, deps: Deps, shelf: Shelf, tmp_path: Path
):
    for _ in range(2):
        await seed(works, PEOPLE, tmp_path / "seed.json")
    assert await titles(works) == ["Staff picks", "Work with text"]
    assert await sections(works, shelf, ANONYMOUS) == ()
    studio = await make_tenant(works, "writers")
    for plugin_id in ("studio.langid", "studio.linkcheck"):
        await publish_listed(deps, studio.manager, {"id": plugin_id})
    seen = {section.title: section.plugin_ids for section in await sections(works, shelf, ANONYMOUS)}
    assert seen == {
        "Staff picks": ("studio.langid",),
        "Work with text": ("studio.langid", "studio.linkcheck"),
    }


async def test_a_marketplace_with_collections_of_its_own_gets_none(
    works: Works, curator: Curator, tmp_path: Path
):
    draft = await curator.make("Ours")
    await curator.change(draft, state=State.ARCHIVED)
    await seed(works, (), tmp_path / "seed.json")
    assert await titles(works) == []


def test_the_collections_name_examples_that_there_are():
    examples = {example.id for example in find_examples(PLUGINS)}
    for _, content in COLLECTIONS:
        assert set(content.plugin_ids) <= examples
