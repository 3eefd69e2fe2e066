"""What is published is scanned, what is certified is proven, in a marketplace that is really up."""

import json
from pathlib import Path

from tests.flows.conftest import Market, running_market, until
from tests.flows.test_the_loop import publish
from tests.packages import component_wat, make_package

ADVISORY = {
    "id": "PYSEC-2026-1",
    "modified": "2026-11-01T00:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "flask"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.1"}]}],
        }
    ],
}
MINER = "stratum+tcp://pool.evil.example:3333 xmrig --donate-level 1 --algo randomx"


def test_a_release_is_scanned_listed_certified_and_proven_and_a_bad_one_is_held(tmp_path: Path) -> None:
    with running_market(scans=True) as market:
        bad = make_package({"id": "acme.bad"}, wat=component_wat(answer=json.dumps({"said": MINER})))
        for package in (make_package({"id": "acme.good"}), bad):
            status, release = publish(market, "project_manager", package)
            assert status == 201, release
        until(lambda: _state(market, "acme.bad") == "held", pause=0.5)
        until(lambda: _state(market, "acme.good") == "listed", pause=0.5)
        (tmp_path / "advisory.json").write_text(json.dumps(ADVISORY))
        market.manage("advisories", "import", str(tmp_path / "advisory.json"))
        market.aei_json("project_manager", "certification", "submit", "acme.good", "1.0.0")
        request = until(lambda: _in_review(market), pause=0.5)
        market.aei_json(
            "operator", "certification", "approve", request["id"], "--reason", "nothing is against it"
        )
        caller = market.as_("viewer")
        until(lambda: caller.get("/api/plugins/acme.good")[1]["certified"], pause=0.5)
        kept = market.aei("viewer", "verify", "acme.good", "--version", "1.0.0", "--save", str(tmp_path))
        assert kept.returncode == 0, kept.stderr
        assert [p["id"] for p in caller.get("/api/plugins?certified=true")[1]["items"]] == ["acme.good"]


def _state(market: Market, plugin: str) -> str:
    return market.as_("project_manager").get(f"/api/plugins/{plugin}/versions/1.0.0")[1]["state"]


def _in_review(market: Market) -> dict | None:
    found = market.as_("operator").get("/api/plugins/certification/queue")[1]["items"]
    return next((r for r in found if (r["plugin_id"], r["state"]) == ("acme.good", "in_review")), None)
