"""Members of a namespace, and handing one over, as people do it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.decisions import service as decisions
from aei_marketplace.ground.paging import PageWanted
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_namespace_gets_members_is_offered_and_accepted_by_the_other_side(
    open_window: OpenWindow, site: Site, width: int, theme: str
) -> None:
    name, rival = f"handed-{width}", f"taker{width}"
    site.run(claim(site, "admin", name))
    site.run(taker(site, rival))
    page = open_window("admin", width=width, theme=theme)
    page.goto("/publisher/namespaces")
    inspect(page, "namespaces")
    follow(page.get_by_role("link", name=name, exact=True))
    expect(page.get_by_text("Whoever publishes for this tenant publishes here.")).to_be_visible()
    page.get_by_label("E-mail").fill("nobody@acme.example")
    follow(page.get_by_role("button", name="Name them"))
    expect(page.get_by_role("alert")).to_contain_text("no such user")
    page.get_by_label("E-mail").fill("admin@acme.example")
    page.get_by_label("Role").select_option("owner")
    follow(page.get_by_role("button", name="Name them"))
    expect(page.get_by_role("row").filter(has_text="Ada Admin")).to_contain_text("Owner")
    inspect(page, "namespace")
    follow(page.get_by_role("button", name="Leave"))
    expect(page.get_by_role("alert")).to_contain_text("last owner")
    page.get_by_label("To", exact=True).fill(rival)
    follow(page.get_by_role("button", name="Offer it"))
    expect(page.get_by_role("heading", name=f"Offered to {rival}")).to_be_visible()
    inspect(page, "namespace-offered")
    other = open_window(rival, width=width, theme=theme)
    other.goto("/publisher/namespaces")
    inspect(other, "namespaces-offered")
    follow(other.get_by_role("button", name=f"Accept {name}"))
    expect(other.get_by_role("status").first).to_contain_text(f"{name} is yours")
    page.goto(f"/publisher/namespaces/{name}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("No such namespace")


def test_without_scripts_a_namespace_is_opened_and_an_offer_taken_back(
    open_window: OpenWindow, site: Site
) -> None:
    site.run(claim(site, "admin", "quietly"))
    site.run(taker(site, "listener"))
    page = open_window("admin", scripts=False)
    page.goto("/publisher/namespaces/quietly")
    page.get_by_label("E-mail").fill("admin@acme.example")
    follow(page.get_by_role("button", name="Name them"))
    follow(page.get_by_role("button", name="Open it to all"))
    expect(page.get_by_text("Whoever publishes for this tenant publishes here.")).to_be_visible()
    page.get_by_label("To", exact=True).fill("listener")
    follow(page.get_by_role("button", name="Offer it"))
    follow(page.get_by_role("button", name="Take it back"))
    expect(page.get_by_role("button", name="Offer it")).to_be_visible()


async def claim(site: Site, who: str, name: str) -> None:
    person = site.people[who]
    actor = await accounts.actor_for(site.deps.works, person.id, person.tenant)
    async with site.deps.works.begin(actor) as work:
        await catalog.claim_namespace(work, name)


async def taker(site: Site, slug: str) -> None:
    """Another tenant, and somebody of it by the same name."""
    async with site.deps.works.system("tests") as work:
        tenant = await accounts.create_tenant(work, slug, slug.title())
    await site.add_person(slug, "Tina Taker", "ProjectManager", tenant)


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_name_is_claimed_one_is_refused_and_asked_for_and_its_case_is_followed(
    open_window: OpenWindow, site: Site, width: int, theme: str
) -> None:
    reserved = {360: "official", 1280: "registry"}[width]
    page = open_window("admin", width=width, theme=theme)
    page.goto("/publisher/namespaces")
    page.get_by_label("Namespace", exact=True).fill("Not a name")
    follow(page.get_by_role("button", name="Claim it"))
    expect(page.get_by_role("alert")).to_contain_text("lower-case letters")
    page.get_by_label("Namespace", exact=True).fill(reserved)
    follow(page.get_by_role("button", name="Claim it"))
    expect(page.get_by_role("alert")).to_contain_text(f"The namespace {reserved}")
    inspect(page, "namespace-refused")
    page.get_by_label("Why it should be yours").fill("It is our company's name. <script>alert(1)</script>")
    follow(page.get_by_role("button", name="Ask for it"))
    row = page.get_by_role("row").filter(has_text=reserved)
    expect(row).to_contain_text("Waits for staff")
    site.run(refuse(site, reserved))
    page.reload()
    expect(row).to_contain_text("Refused")
    expect(row).to_contain_text("Nobody else speaks for us.")
    inspect(page, "namespaces-asked")
    follow(row.get_by_role("link", name=f"Appeal about {reserved}"))
    page.get_by_label("Why").fill("We hold the trade mark.")
    follow(page.get_by_role("button", name="Appeal"))
    page.goto("/publisher/namespaces")
    expect(row).to_contain_text("Your appeal waits")
    page.get_by_label("Namespace", exact=True).fill(f"claimed-{width}")
    follow(page.get_by_role("button", name="Claim it"))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"claimed-{width}")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_domain_is_proven_by_what_the_page_says_to_put_there(
    open_window: OpenWindow, site: Site, width: int, theme: str
) -> None:
    domain, method = f"w{width}.example", {360: "dns", 1280: "file"}[width]
    page = open_window("admin", width=width, theme=theme)
    page.goto("/publisher")
    follow(page.locator("a[href='/publisher/domains']"))
    page.get_by_label("Domain", exact=True).fill("no domain")
    follow(page.get_by_role("button", name="Get the text"))
    expect(page.get_by_role("alert")).to_contain_text("no domain")
    page.get_by_label("Domain", exact=True).fill(domain)
    page.get_by_label("Where").select_option(method)
    follow(page.get_by_role("button", name="Get the text"))
    card = page.locator("section").filter(has=page.get_by_role("heading", name=domain))
    place, line = (card.locator("dd code").nth(n).inner_text() for n in (0, 1))
    expect(card).to_contain_text("Waiting")
    inspect(page, "domains")
    site.run(catalog.check_domains(site.deps.works, OneDomain(place, line)))
    page.reload()
    expect(card).to_contain_text("Verified")
    follow(page.get_by_role("button", name=f"Forget {domain}"))
    expect(page.get_by_role("heading", name=domain)).to_have_count(0)


@dataclass
class OneDomain:
    """A domain that holds one text at one place, and nothing else."""

    place: str
    line: str

    async def text_records(self, name: str) -> Sequence[str]:
        return [self.line] if name == self.place else []

    async def read_file(self, domain: str, path: str) -> str:
        return self.line if f"https://{domain}{path}" == self.place else ""


async def refuse(site: Site, name: str) -> None:
    """Staff refuse a name that was asked for."""
    person = site.people["operator"]
    operator = await accounts.actor_for(site.deps.works, person.id, None)
    async with site.deps.works.begin(operator) as work:
        found, _ = await decisions.list_queue(
            work,
            PageWanted(),
            decides=["namespace_claim"],
            kind=None,
            shown=decisions.Shown.OPEN,
            mine=False,
        )
        case = next(each for each in found.items if each.subject_id == name)
        await catalog.NAME_DESK.decide(
            work, case.id, decisions.Ruling("refuse", "Nobody else speaks for us.")
        )
