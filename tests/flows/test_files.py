"""What a plugin keeps: read in the next execution, back after reinstalling, gone when purged."""

import uuid

from tests.flows.conftest import Market, until
from tests.flows.test_the_loop import publish
from tests.packages import make_package
from tests.sandbox.guests import AREA, REPLY_RESULT, Guest

PERMISSION = {"filesystem": {"persistent_mib": 1, "reason": "keeps what it was told"}}


def diary(canary: str) -> bytes:
    """Writes the canary when its task is `true`, and answers what is kept."""
    guest = Guest("files.write", "files.read")
    path = guest.text("persistent/diary.json")
    return guest.build(
        f"""(if (i32.eq (i32.load8_u (local.get 0)) (i32.const {ord("t")}))
          (then (call $files_write {path} {guest.text(f'"{canary}"')} {AREA})))
        (call $files_read {path} {AREA}) {REPLY_RESULT}"""
    )


def publish_listed(market: Market, plugin: str, package: bytes) -> None:
    """Publish, and wait until it is listed, which a busy machine may do after it has answered."""
    status, release = publish(market, "project_manager", package)
    assert status == 201, release
    seen = f"/api/plugins/{plugin}/versions/{release['version']}"
    until(lambda: market.as_("project_manager").get(seen)[1]["state"] == "listed", pause=0.2)


def change(market: Market, plugin: str, action: str, **body) -> None:
    """Install or uninstall, and wait until it is done."""
    manager = market.as_("project_manager")
    status, operation = manager.post(f"/api/plugins/{plugin}/{action}", body)
    assert status == 202, operation
    done = until(
        lambda: (
            (found := manager.get(f"/api/operations/{operation['id']}")[1])["state"]
            in ("succeeded", "failed")
            and found
        )
    )
    assert done["state"] == "succeeded", done


def run(market: Market, plugin: str, task: bool) -> dict:
    status, ended = market.as_("project_manager").post(f"/api/plugins/{plugin}/execute", {"task": task})
    assert status == 200, ended
    return ended


def areas(market: Market) -> set[str]:
    return {path.parent.name for path in (market.folder / "data" / "files").glob("*/*/files.sqlite3")}


def test_files_live_as_long_as_what_is_kept_of_the_installation(market: Market):
    plugin, canary = "acme.diary", f"canary {uuid.uuid4().hex}"
    package = make_package({"id": plugin, "permissions": PERMISSION}, files={"plugin.wasm": diary(canary)})
    publish_listed(market, plugin, package)

    before = areas(market)
    change(market, plugin, "install", grants={"filesystem": {"persistent_mib": 1}})
    written = run(market, plugin, True)
    assert (written["outcome"], written["output"]) == ("ok", canary)
    assert run(market, plugin, False)["output"] == canary
    (area,) = areas(market) - before

    change(market, plugin, "uninstall")
    change(market, plugin, "install")
    assert run(market, plugin, False)["output"] == canary

    change(market, plugin, "uninstall", purge=True)
    until(lambda: area not in areas(market), pause=0.5)
    change(market, plugin, "install", grants={"filesystem": {"persistent_mib": 1}})
    assert run(market, plugin, False)["outcome"] == "guest_error"


def test_files_that_were_not_granted_are_denied_and_the_log_says_so(market: Market):
    plugin = "acme.diary-ungranted"
    package = make_package({"id": plugin, "permissions": PERMISSION}, files={"plugin.wasm": diary("x")})
    publish_listed(market, plugin, package)
    change(market, plugin, "install")
    ended = run(market, plugin, True)
    assert ended["outcome"] == "denied"
    (denied,) = ended["permissions"]["denied"]
    assert (denied["permission"], denied["target"], denied["count"]) == ("filesystem", "persistent", 2)
    entries = market.as_("admin").get(f"/api/audit?resource={ended['id']}&action=permission.denied")[1][
        "items"
    ]
    assert len(entries) == 1
