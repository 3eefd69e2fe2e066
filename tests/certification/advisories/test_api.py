"""Routes and pages of advisories about packages."""

import pytest
from sqlalchemy import text

from aei_marketplace.certification.rules.advisories import Search
from aei_marketplace.certification.store.advisories import looking
from aei_marketplace.ground.work import Works
from tests.certification.advisories.conftest import Advisories, Contained, component
from tests.inspection.advisories.osv import before, record
from tests.serving import Client

_JINJA = record(
    "PYSEC-2021-66",
    package="Jinja2",
    events=before("2.11.3"),
    aliases=["CVE-2020-28493"],
    summary="<b>A slow</b> pattern",
    details="Two\nlines",
    references=[{"type": "WEB", "url": "https://one.example/a"}],
    severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}],
    modified="2026-02-01T00:00:00Z",
)


async def test_advisories_are_found_by_id_alias_and_any_spelling_of_a_package(
    client: Client, database: Advisories
) -> None:
    other = record("GHSA-1", package="jinja2", ecosystem="npm", events=before("1.0.0"))
    await database.bring(_JINJA, other, record("A-3", package="else"))

    async def found(query: str) -> list[str]:
        answer = await client.get(f"/api/package-advisories?{query}")
        assert answer.status == 200, answer.json
        return [item["id"] for item in answer.json["items"]]

    assert await found("") == ["PYSEC-2021-66", "GHSA-1", "A-3"]
    assert await found("q=CVE-2020-28493") == ["PYSEC-2021-66"]
    assert await found("q=GHSA-1") == ["GHSA-1"]
    assert await found("package=JINJA2") == ["PYSEC-2021-66", "GHSA-1"]
    assert await found("package=JINJA2&ecosystem=npm") == ["GHSA-1"]
    assert await found("ecosystem=Go") == []
    assert await found("q=%25") == []
    first = (await client.get("/api/package-advisories?limit=2")).json
    assert (first["total"], await found(f"limit=2&cursor={first['next_cursor']}")) == (3, ["A-3"])
    assert (await client.get("/api/package-advisories?cursor=WzFd")).status == 422
    assert (await client.get("/api/package-advisories?ecosystem=Debian")).status == 422


async def test_a_search_reads_no_table_whole_and_counts_up_to_a_limit(
    client: Client, database: Advisories, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.bring(*(record(f"A-{number}") for number in range(4)))
    monkeypatch.setattr(looking, "MOST_COUNTED", 3)
    for query in ("", "package=jinja2", "ecosystem=PyPI"):
        answer = (await client.get(f"/api/package-advisories?limit=2&{query}")).json
        assert (answer["total"], len(answer["items"])) == (3, 2)
    async with works.system("tests") as work:
        await work.run(text("set local enable_seqscan = off"))  # where an index can be used at all
        for search in (Search("A-1"), Search(package="jinja2"), Search("A-1", "jinja2", "PyPI")):
            terms, values = looking.terms_of(search)
            plan = f"explain select p.id from package_advisories p where {' and '.join(terms)}"
            lines = "\n".join((await work.run(text(plan), values)).scalars())
            assert "Index Cond" in lines or "Recheck Cond" in lines, lines
            assert "Seq Scan" not in lines, lines
            assert "SubPlan" not in lines, lines


async def test_one_advisory_says_all_that_is_known(client: Client, database: Advisories) -> None:
    await database.bring(_JINJA)
    said = (await client.get("/api/package-advisories/PYSEC-2021-66")).json
    assert (said["severity"], said["score"], said["references"]) == ("medium", 5.3, ["https://one.example/a"])
    assert said["packages"] == [
        {
            "ecosystem": "PyPI",
            "name": "Jinja2",
            "ranges": [[{"introduced": "0"}, {"fixed": "2.11.3"}]],
            "versions": [],
        }
    ]
    assert (await client.get("/api/package-advisories/NONE-1")).status == 404
    (source,) = (await client.get("/api/advisory-sources")).json["items"]
    assert (source["name"], source["records"]) == ("test", 1)


async def test_what_stands_against_a_plugin_is_shown_with_the_version_that_mends_it(
    client: Client, database: Advisories, contained: Contained, works: Works
) -> None:
    await contained("web", [component("jinja2", "2.11.2"), component("else", "1.0")])
    path = "/marketplace/catalogue.web/vulnerabilities"
    assert "no advisories about packages yet" in (await client.get(path)).body.decode()
    await database.bring(_JINJA)
    await database.follow()
    said = (await client.get("/api/plugins/catalogue.web/vulnerabilities")).json
    (item,) = said["items"]
    assert (item["advisory"], item["fixed"], item["standing"]) == ("PYSEC-2021-66", ["2.11.3"], "affected")
    assert (said["components"], said["total"], item["package"]["version"]) == (2, 1, "2.11.2")
    page = await client.get(path)
    assert page.status == 200
    assert "2.11.3" in page.body.decode()
    assert "&lt;b&gt;A slow&lt;/b&gt; pattern" in page.body.decode()
    assert (await client.get("/marketplace/certification/advisories/PYSEC-2021-66")).status == 200
    async with works.system("tests") as work:
        await work.run(text("update plugins set visibility = 'private' where id = 'catalogue.web'"))
    for hidden in (path, "/api/plugins/catalogue.web/vulnerabilities"):
        assert (await client.get(hidden)).status == 404
