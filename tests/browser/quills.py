"""Plugins with reviews on the site: a publisher, a tenant of readers who installed them, and a moderator."""

from typing import Any
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reviews import service
from aei_marketplace.reviews.service import Review, Words
from tests.browser.site import Site
from tests.plugins import install, publish, update, work_off

READERS = ("Ines Ink", "Otto Oak", "Pia Paper", "Rolf Reed", "Suse Seal", "Theo Thread")
#: What a review must not be able to do: scripts, right-to-left text, marks, and a word without an end.
HOSTILE = "<script>document.title = 'owned'</script> \N{ARABIC LETTER ALEF}bc \N{HEBREW LETTER ALEF} a" + (
    "\N{COMBINING DIAERESIS}" * 5
)
ENDLESS = "W" * 900
SAID = "It finds what it should and says so in words that my colleagues understand, too."


def fill(site: Site) -> None:
    """The people and `quill.pen`, unless another module has made them."""
    if "quill_author" in site.people:
        return

    async def people() -> None:
        async with site.deps.works.system("tests") as work:
            quill = await accounts.create_tenant(work, "quill", "Quill & Sons")
            inkwell = await accounts.create_tenant(work, "inkwell", "Inkwell")
        await site.add_person("quill_author", "Quentin Quill", "Admin", quill)
        await site.add_person("inkwell_admin", "Ida Inkwell", "Admin", inkwell)
        for place, name in enumerate(READERS):
            await site.add_person(f"reader{place}", name, "Viewer", inkwell)

    site.run(people())
    release(site, "pen")


def release(site: Site, name: str, version: str = "1.0.0") -> None:
    """Publish a version, and have the readers' tenant install it."""
    document: dict[str, Any] = {"id": f"quill.{name}", "name": f"Quill {name}", "version": version}
    site.run(publish(site.deps, site.actor("quill_author"), document))
    get = install if version == "1.0.0" else update
    assert site.run(get(site.deps, site.actor("inkwell_admin"), f"quill.{name}")).state == "succeeded"


def write(site: Site, who: str, rating: int, text: str, name: str = "pen") -> Review:
    """Have somebody review what the readers have installed."""

    async def said() -> Review:
        async with site.deps.works.begin(site_actor) as work:
            return await service.write_review(work, f"quill.{name}", Words(rating, text))

    site_actor = site.actor(who)
    review: Review = site.run(said())
    return review


def decide(site: Site, review_id: UUID, state: str = "approved", reason: str | None = None) -> None:
    """Have the moderator decide, elsewhere than in the test's window."""

    async def decided() -> None:
        async with site.deps.works.begin(moderator) as work:
            await service.decide_review(work, review_id, state, reason)

    moderator = site.actor("moderator")
    site.run(decided())


def publish_review(site: Site, who: str, rating: int, text: str = SAID, name: str = "pen") -> Review:
    """A review that everybody reads, and that is counted once the jobs are done."""
    review = write(site, who, rating, text, name)
    decide(site, review.id)
    return review


def carry_out(site: Site) -> None:
    """What the job process does."""
    site.run(work_off(site.deps))


def newest(site: Site, who: str) -> Review:
    """What somebody wrote last."""

    async def found() -> Review:
        async with site.deps.works.begin(writer) as work:
            page = await service.list_own(work, PageWanted(1))
        return page.items[0].review

    writer = site.actor(who)
    review: Review = site.run(found())
    return review
