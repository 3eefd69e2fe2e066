"""`aei audit`: filters, exports that are whole or not there, and proofs that a marketplace cannot fake."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from aei_inspection.notes import Checkpoint, SigningKey
from aei_protocol.merkle import Place, Plan, Tree, consistency_places, inclusion_places, leaf_hash, prove
from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace, problem

KEY = SigningKey("market.example/audit", bytes(range(32)))
ENTRY, OTHER = "0190c2a1-0000-7000-8000-000000000001", "0190c2a1-0000-7000-8000-000000000002"


def content(entry: str) -> bytes:
    document = {
        "id": entry,
        "at": "2030-01-01T00:00:00.000000Z",
        "action": "plugin.publish",
        "resource": {"type": "release", "id": "acme.counter@0.1.0"},
        "outcome": "ok",
    }
    return b"aei-audit/1\n" + json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


class Log:
    """An audit log as a marketplace keeps it."""

    def __init__(self, *entries: str) -> None:
        self.tree, self.hashes = Tree(), dict[Place, bytes]()
        self.contents: list[bytes] = []
        self.add(*entries)

    def add(self, *entries: str) -> "Log":
        for entry in entries:
            value = leaf_hash(content(entry))
            self.hashes[0, self.tree.size] = value
            self.hashes |= {(n.level, n.position): n.hash for n in self.tree.append(value)}
            self.contents.append(content(entry))
        return self

    def proof(self, place: int, key: SigningKey = KEY) -> dict[str, Any]:
        note = key.sign(Checkpoint(key.name, self.tree.size, self.tree.root()).text())
        return {
            "entry": ENTRY,
            "sequence": place,
            "leaf": base64.b64encode(self.contents[place]).decode(),
            "leaf_hash": base64.b64encode(self.hashes[0, place]).decode(),
            "archive": None,
            "proof": self._prove(inclusion_places(place, self.tree.size)),
            "checkpoint": {"size": self.tree.size, "note": note, "key": key.verifying.text()},
        }

    def growth(self, old: int) -> dict[str, Any]:
        return {"from": old, "proof": self._prove(consistency_places(old, self.tree.size))}

    def _prove(self, plan: Plan) -> list[str]:
        return [base64.b64encode(value).decode() for value in prove(plan, self.hashes)]


@pytest.fixture
def show(marketplace: Marketplace) -> Any:
    """Have the marketplace answer with a proof, and a proof of growth."""

    def answer(proof: dict[str, Any], growth: dict[str, Any] | None = None) -> None:
        path = f"/api/audit/proof/{ENTRY}"
        marketplace.answers["GET", path] = lambda: web.json_response(proof)
        marketplace.answers["GET", "/api/audit/consistency"] = lambda: web.json_response(growth)

    return answer


def test_every_filter_is_passed_on(aei: Aei, marketplace: Marketplace) -> None:
    assert aei("audit", "--q", "counter", "--tenant", OTHER, "--limit", "3").exit_code == 0
    assert marketplace.last("GET", "/api/audit").query == {"q": "counter", "tenant": OTHER, "limit": "3"}


def test_an_export_is_written_whole_with_the_filters(
    aei: Aei, marketplace: Marketplace, tmp_path: Path
) -> None:
    rows = b"sequence,at\n" + b"1,2030\n" * 50_000
    marketplace.answers["GET", "/api/audit"] = lambda: web.Response(body=rows, content_type="text/csv")
    out = tmp_path / "audit.csv"
    result = aei("audit", "--action", "plugin.publish", "--format", "csv", "--out", out)
    assert result.exit_code == 0, result.stderr
    assert out.read_bytes() == rows
    assert marketplace.last("GET", "/api/audit").query == {"action": "plugin.publish", "format": "csv"}
    assert aei("audit", "--format", "jsonl").stdout.encode() == rows


def test_a_refused_export_leaves_the_file_as_it_was(
    aei: Aei, marketplace: Marketplace, tmp_path: Path
) -> None:
    out = tmp_path / "audit.csv"
    out.write_text("of yesterday")
    marketplace.answers["GET", "/api/audit"] = lambda: problem(
        403, "Not allowed", "You may not read the log."
    )
    assert aei("audit", "--format", "csv", "--out", out).exit_code != 0
    assert out.read_text() == "of yesterday"
    assert list(tmp_path.glob(".audit*")) == []
    nowhere = aei("audit", "--format", "csv", "--out", tmp_path / "no" / "such.csv")
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (2, True)
    assert aei("audit", "--out", out).exit_code == 2


def test_an_entry_is_proven_and_the_checkpoint_remembered(aei: Aei, show: Any) -> None:
    log = Log(OTHER, ENTRY, OTHER)
    show(log.proof(1))
    first = aei("audit", "proof", ENTRY)
    assert first.exit_code == 0, first.stderr
    assert "It is entry 1 of 3" in first.stdout
    assert "plugin.publish  release acme.counter@0.1.0" in first.stdout
    assert KEY.verifying.text() in first.stdout
    show(log.add(OTHER).proof(1), log.growth(3))
    second = json.loads(aei("audit", "proof", ENTRY, "--json").stdout)
    assert (second["grown_from"], second["key_trusted_on_first_use"]) == (3, False)


def test_an_archived_entry_is_proven_by_its_hash(aei: Aei, show: Any) -> None:
    log = Log(OTHER, ENTRY)
    show(log.proof(1) | {"leaf": None, "archive": "audit-0-1.jsonl"})
    result = aei("audit", "proof", ENTRY)
    assert result.exit_code == 0, result.stderr
    assert f"audit-0-1.jsonl holds the entry of hash {log.hashes[0, 1].hex()}" in result.stdout


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda log: log.proof(0), "of another entry"),
        (lambda log: log.proof(1) | {"sequence": 0}, "not in the log"),
        (lambda log: log.proof(1) | {"leaf": base64.b64encode(content(ENTRY) + b" ").decode()}, "not in the"),
        (lambda log: log.proof(1) | {"proof": ["!"]}, "not in the log"),
        (lambda log: log.proof(1) | {"leaf": base64.b64encode(b"{").decode()}, "cannot be read"),
        (lambda _: {"entry": ENTRY}, "not a proof"),
        (lambda log: log.proof(1) | {"checkpoint": {"note": "x", "key": KEY.verifying.text()}}, "is not one"),
    ],
)
def test_a_proof_that_does_not_hold_is_refused_and_nothing_is_pinned(
    aei: Aei, show: Any, tmp_path: Path, spoil: Any, words: str
) -> None:
    show(spoil(Log(OTHER, ENTRY, OTHER)))
    result = aei("audit", "proof", ENTRY)
    assert result.exit_code != 0
    assert words in result.stderr
    assert not (tmp_path / "config" / "aei" / "logs.json").exists()


def test_another_key_an_older_checkpoint_and_a_rewritten_log_are_refused(aei: Aei, show: Any) -> None:
    log = Log(OTHER, ENTRY, OTHER)
    show(log.proof(1))
    assert aei("audit", "proof", ENTRY).exit_code == 0
    show(log.proof(1, SigningKey.generate(KEY.name)))
    assert "not signed by the key that you trust" in aei("audit", "proof", ENTRY).stderr
    show(Log(OTHER, ENTRY).proof(1))
    assert "older checkpoint is offered" in aei("audit", "proof", ENTRY).stderr
    other = Log(ENTRY, ENTRY, OTHER, OTHER)
    show(other.proof(1), other.growth(3))
    assert "rewritten" in aei("audit", "proof", ENTRY).stderr


def test_the_key_that_was_given_counts_from_the_first_time(aei: Aei, show: Any) -> None:
    show(Log(ENTRY).proof(0))
    other = SigningKey.generate(KEY.name).verifying.text()
    assert aei("audit", "proof", ENTRY, "--log-key", other).exit_code != 0
    assert aei("audit", "proof", ENTRY, "--log-key", "nonsense").exit_code == 2
    assert aei("audit", "proof", ENTRY, "--log-key", KEY.verifying.text()).exit_code == 0
