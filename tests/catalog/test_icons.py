"""Icons of releases: kept as the gate accepted them, served to whoever sees the release."""

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import PackageProblems
from aei_marketplace.catalog.service import ReleaseState, ReleaseView
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant
from tests.inspection.test_listing_files import drawing, png
from tests.packages import make_package
from tests.publishing import publish_listed
from tests.serving import Client

SVG = drawing('<circle cx="8" cy="8" r="6" fill="#36c"/>', 'viewBox="0 0 16 16"')
PNG = png(64, 64)


async def publish_with(deps: Deps, tenant: Tenant, name: str, content: bytes, **rest: str) -> ReleaseView:
    """A listed release of `acme.echo` with this icon; `rest` as `publish_listed` takes it."""
    package = make_package(files={name: content})
    return await publish_listed(deps, tenant.manager, package=package, **rest)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [("icon.svg", SVG, "image/svg+xml"), ("icon.png", PNG, "image/png")],
)
async def test_an_icon_is_served_as_it_is_and_as_what_the_gate_found_it_to_be(
    deps: Deps, client: Client, acme: Tenant, name: str, content: bytes, media_type: str
) -> None:
    release = await publish_with(deps, acme, name, content)
    path = (await client.get("/api/plugins/acme.echo")).json["icon"]
    assert path == release.icon == f"/icons/{release.package_sha256}"
    answer = await client.get(path)
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"


async def test_who_has_an_icon_already_is_not_sent_it_again(deps: Deps, client: Client, acme: Tenant) -> None:
    release = await publish_with(deps, acme, "icon.svg", SVG)
    again = await client.get(release.icon or "", headers={"If-None-Match": f'"{release.package_sha256}"'})
    assert (again.status, again.body) == (304, b"")


async def test_a_package_without_an_icon_has_none_to_ask_for(
    deps: Deps, client: Client, acme: Tenant
) -> None:
    release = await publish_listed(deps, acme.manager)
    assert release.icon is None
    assert (await client.get("/api/plugins/acme.echo")).json["icon"] is None
    assert (await client.get(f"/icons/{release.package_sha256}")).status == 404


async def test_a_private_plugins_icon_is_as_absent_as_a_missing_one(
    deps: Deps, client: Client, acme: Tenant, globex: Tenant
) -> None:
    release = await publish_with(deps, acme, "icon.png", PNG, visibility="private")
    assert (await client.get(release.icon or "", acme.tokens["Viewer"])).body == PNG
    for token in (None, globex.tokens["Admin"]):
        told = []
        for path in (release.icon or "", f"/icons/{'0' * 64}"):
            answer = await client.get(path, token)
            assert answer.status == 404
            assert "ETag" not in answer.headers
            told.append((answer.json["type"], answer.json["detail"]))
        assert told[0] == told[1]


@pytest.mark.parametrize(
    "digest", ["x", "%00", "A" * 64, "0" * 63, "0" * 65, "0" * 5_000, "%2e%2e%2fmetrics", "'%20or%20true--"]
)
async def test_what_is_no_digest_is_no_icons_address(client: Client, digest: str) -> None:
    assert (await client.get(f"/icons/{digest}")).status == 404


async def test_the_icon_of_a_removed_release_is_gone(
    deps: Deps, client: Client, acme: Tenant, operator: tuple[Actor, str]
) -> None:
    release = await publish_with(deps, acme, "icon.svg", SVG)
    async with deps.works.begin(operator[0]) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.REMOVED, "not theirs to show")
        assert (await catalog.find_release(work, "acme.echo", "1.0.0")).icon is None
    assert (await client.get(release.icon or "", acme.tokens["Admin"])).status == 404


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("icon.svg", drawing("<script>alert(1)</script>"), "svg_unsafe"),
        ("icon.svg", drawing('<path onload="alert(1)"/>'), "svg_unsafe"),
        ("icon.svg", PNG, "svg_unsafe"),
        ("icon.png", SVG, "icon_not_png"),
    ],
)
async def test_a_picture_that_could_run_or_is_another_than_it_says_is_not_published(
    deps: Deps, acme: Tenant, name: str, content: bytes, code: str
) -> None:
    with pytest.raises(PackageProblems) as refusal:
        await publish_with(deps, acme, name, content)
    assert [fault.code for fault in refusal.value.faults] == [code]


async def test_nobody_changes_an_icon_that_was_published(
    deps: Deps, urls: DatabaseUrls, acme: Tenant
) -> None:
    release = await publish_with(deps, acme, "icon.svg", SVG)
    connection = await asyncpg.connect(urls.owner)
    try:
        for change in ("icon = '\\x00'", "icon = null, icon_kind = null", "icon_kind = 'png'"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="immutable"):
                await connection.execute(f"update releases set {change} where id = $1", release.release_id)
    finally:
        await connection.close()
