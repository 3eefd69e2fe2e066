"""`aei info --verify`: each thing that a marketplace could get away with, and does not."""

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from aei_inspection.notes import Checkpoint, SigningKey
from aei_inspection.signatures import PrivateKey, sign_package
from aei_protocol.merkle import Place, Plan, Tree, consistency_places, inclusion_places, leaf_hash, prove
from aei_protocol.release_log import ReleaseLeaf
from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace

KEY = SigningKey.generate("marketplace.example/releases")
ID, VERSION, SHA = "acme.counter", "0.1.0", "ab" * 32
LEAF = ReleaseLeaf(ID, VERSION, SHA, "listed", "p1", None, "2030-01-01T00:00:00.000000Z", "published")
OTHER = replace(LEAF, plugin="acme.other")


@dataclass
class Log:
    """A log of releases as a marketplace keeps it; what it answers, a test can spoil."""

    leaves: list[ReleaseLeaf] = field(default_factory=list)
    key: SigningKey = KEY
    tree: Tree = field(default_factory=Tree)
    hashes: dict[Place, bytes] = field(default_factory=dict)

    def add(self, *leaves: ReleaseLeaf) -> "Log":
        for leaf in leaves:
            value = leaf_hash(leaf.content())
            self.hashes[0, self.tree.size] = value
            self.hashes |= {(n.level, n.position): n.hash for n in self.tree.append(value)}
            self.leaves.append(leaf)
        return self

    def note(self) -> str:
        return self.key.sign(Checkpoint(self.key.name, self.tree.size, self.tree.root()).text())

    def proof(self, *places: int) -> dict[str, Any]:
        entries = [
            {
                "index": place,
                "leaf": self.leaves[place].content().decode(),
                "proof": self._prove(inclusion_places(place, self.tree.size)),
            }
            for place in places
        ]
        return {"plugin_id": ID, "version": VERSION, "checkpoint": self.note(), "entries": entries}

    def growth(self, old: int) -> dict[str, Any]:
        return {
            "old": old,
            "new": self.tree.size,
            "proof": self._prove(consistency_places(old, self.tree.size)),
        }

    def _prove(self, plan: Plan) -> list[str]:
        return [base64.b64encode(value).decode() for value in prove(plan, self.hashes)]


class Shown:
    """What the marketplace answers about its log."""

    def __init__(self, marketplace: Marketplace) -> None:
        self._answers = marketplace.answers
        self.release(sha256=SHA)

    def release(self, **changes: Any) -> None:
        release = {
            "plugin_id": ID,
            "version": VERSION,
            "state": "listed",
            "visibility": "public",
            "publisher": {"id": "p1", "name": "Acme"},
            "signer": None,
            **changes,
        }
        self._answer(f"/api/plugins/{ID}/versions/{VERSION}", release)

    def proof(self, proof: Any) -> None:
        self._answer(f"/api/plugins/{ID}/versions/{VERSION}/proof", proof)

    def log(self, log: Log, places: Sequence[int], grown_from: int | None = None) -> None:
        self.proof(log.proof(*places))
        self.key(log.key)
        if grown_from is not None:
            self._answer("/api/log/consistency", log.growth(grown_from))

    def growth(self, proof: list[str]) -> None:
        self._answer("/api/log/consistency", {"old": 0, "new": 0, "proof": proof})

    def signature(self, envelope: str, public_key: Any) -> None:
        answer = {"envelope": envelope, "key": {"public_key": public_key}}
        self._answer(f"/api/plugins/{ID}/versions/{VERSION}/signature", answer)

    def key(self, key: SigningKey) -> None:
        self._answer("/api/log/key", {"key": key.verifying.text()})

    def _answer(self, path: str, value: Any) -> None:
        self._answers[("GET", path)] = lambda: web.json_response(value)


@pytest.fixture
def shown(marketplace: Marketplace) -> Shown:
    return Shown(marketplace)


@pytest.fixture
def verify(aei: Aei) -> Any:
    return lambda *more: aei("info", ID, "--version", VERSION, "--verify", *more)


def test_a_release_in_the_log_is_proven_and_the_words_say_what_was(verify: Any, shown: Shown) -> None:
    shown.log(Log().add(OTHER, LEAF), [1])
    result = verify()
    assert result.exit_code == 0, result.stderr
    assert f"sha256 {SHA} was published; entry 1 of the log says so" in result.stdout
    assert KEY.verifying.text() in result.stdout
    assert "Not proven: that the package is harmless" in result.stdout


def test_the_key_is_pinned_and_the_checkpoint_remembered(verify: Any, shown: Shown, tmp_path: Path) -> None:
    log = Log().add(LEAF)
    shown.log(log, [0])
    assert verify().exit_code == 0
    shown.log(log.add(OTHER, OTHER), [0], grown_from=1)
    second = json.loads(verify("--json").stdout)
    assert (second["grown_from"], second["key_trusted_on_first_use"]) == (1, False)
    stored = tmp_path / "config" / "aei" / "logs.json"
    assert stored.stat().st_mode & 0o777 == 0o600
    (pin,) = json.loads(stored.read_text()).values()
    assert pin == {"key": KEY.verifying.text(), "seen": log.note()}


def refused(result: Any, words: str) -> None:
    assert result.exit_code == 5, result.stdout
    assert words in result.stderr


def test_a_checkpoint_by_another_key_is_refused(verify: Any, shown: Shown) -> None:
    shown.log(Log().add(LEAF), [0])
    assert verify().exit_code == 0
    for name in (KEY.name, "elsewhere.example/releases"):
        shown.log(Log(key=SigningKey.generate(name)).add(LEAF), [0])
        refused(verify(), "not signed by the key that you trust")


def test_a_given_key_goes_before_what_the_marketplace_says(verify: Any, shown: Shown) -> None:
    shown.log(Log(key=SigningKey.generate(KEY.name)).add(LEAF), [0])
    refused(verify("--log-key", KEY.verifying.text()), "not signed by the key that you trust")
    shown.log(Log().add(LEAF), [0])
    result = verify("--log-key", KEY.verifying.text())
    assert result.exit_code == 0
    assert "first that you met" not in result.stdout


def test_a_key_that_is_none_is_a_slip_of_the_command_line(verify: Any, shown: Shown) -> None:
    assert verify("--log-key", "nonsense").exit_code == 2


def test_an_older_checkpoint_offered_as_new_is_refused(verify: Any, shown: Shown) -> None:
    shown.log(Log().add(LEAF, OTHER), [0])
    assert verify().exit_code == 0
    shown.log(Log().add(LEAF), [0])
    refused(verify(), "An older checkpoint is offered as the newest")
    shown.log(Log().add(LEAF, OTHER), [0])
    assert verify().exit_code == 0, "what was refused is not remembered"


def test_a_log_that_was_rewritten_is_refused(verify: Any, shown: Shown) -> None:
    shown.log(Log().add(OTHER, LEAF), [1])
    assert verify().exit_code == 0
    forged = Log().add(replace(OTHER, sha256="cd" * 32), LEAF)
    shown.log(forged, [1])
    refused(verify(), "The log was rewritten")  # of the same size
    shown.log(forged.add(OTHER), [1], grown_from=2)
    refused(verify(), "The log was rewritten")  # grown since
    shown.growth([])
    refused(verify(), "The log was rewritten")
    shown.growth(["no base64"])
    refused(verify(), "The log was rewritten")


def test_a_proof_for_another_leaf_is_refused(verify: Any, shown: Shown) -> None:
    log = Log().add(LEAF, OTHER, OTHER)
    proof = log.proof(0)
    proof["entries"][0]["index"] = 1
    shown.log(log, [0])
    shown.proof(proof)
    refused(verify(), "An entry is not in the log")
    shown.log(log, [1])
    refused(verify(), "the plugin 'acme.other'; the marketplace shows 'acme.counter'")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "cd" * 32}, "has the sha256"),
        ({"version": "0.2.0"}, "has the version"),
        ({"state": "yanked"}, "has the state 'listed'; the marketplace shows 'yanked'"),
        ({"publisher": {"id": "p2"}}, "has the publisher"),
        ({"signer": "ef" * 32}, "has the signer"),
    ],
)
def test_a_leaf_that_says_something_else_than_the_listing_is_refused(
    verify: Any, shown: Shown, marketplace: Marketplace, changes: dict[str, Any], words: str
) -> None:
    shown.log(Log().add(LEAF), [0])
    shown.release(**{"sha256": SHA, **changes})
    if "version" in changes:
        proof = marketplace.answers[("GET", f"/api/plugins/{ID}/versions/{VERSION}/proof")]
        marketplace.answers[("GET", f"/api/plugins/{ID}/versions/0.2.0/proof")] = proof
    refused(verify(), words)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda proof: proof["entries"].clear(),
        lambda proof: proof["entries"].append(proof["entries"][0]),
        lambda proof: proof.pop("entries"),
        lambda proof: proof.update(entries=[{}]),
        lambda proof: proof.update(entries=[{"index": "0", "leaf": 1, "proof": None}]),
        lambda proof: proof.update(checkpoint="nothing"),
        lambda proof: proof.update(checkpoint=7),
        lambda proof: proof["entries"][0].update(leaf="\ud800"),
        lambda proof: proof["entries"][0].update(proof=["AA=="]),
        lambda proof: proof["entries"][0]["proof"].pop(),
    ],
)
def test_an_answer_that_is_no_proof_is_refused(verify: Any, shown: Shown, spoil: Any) -> None:
    log = Log().add(LEAF, OTHER)
    shown.log(log, [0])
    proof = log.proof(0)
    spoil(proof)
    shown.proof(proof)
    assert verify().exit_code == 5


def signed(shown: Shown, key: PrivateKey, by: PrivateKey, sha256: str = SHA) -> None:
    """A release whose log names `key`, and a signature that `by` made."""
    shown.release(sha256=SHA, signer=key.public.id)
    shown.log(Log().add(replace(LEAF, signer=key.public.id)), [0])
    shown.signature(sign_package(ID, VERSION, sha256, by).decode(), key.public.pem().decode())


def test_a_signed_release_is_proven_with_its_signature(verify: Any, shown: Shown) -> None:
    key = PrivateKey.generate()
    signed(shown, key, key)
    result = verify()
    assert result.exit_code == 0, result.stderr
    assert f"signed by the key {key.public.id}, which the log names" in result.stdout


def test_a_signature_that_does_not_stand_for_the_package_is_refused(verify: Any, shown: Shown) -> None:
    key, other = PrivateKey.generate(), PrivateKey.generate()
    signed(shown, key, other)
    refused(verify(), "The signature does not stand for the package")
    signed(shown, key, key, sha256="cd" * 32)
    refused(verify(), "The signature does not stand for the package")
    signed(shown, key, key)
    shown.signature(sign_package(ID, VERSION, SHA, other).decode(), other.public.pem().decode())
    refused(verify(), "The key is not the one that the log names")
    shown.signature("{}", 7)
    refused(verify(), "The signature's answer is not one")


def test_a_private_plugin_is_not_called_proven(verify: Any, shown: Shown) -> None:
    shown.release(sha256=SHA, visibility="private")
    refused(verify(), "is private")


def test_damaged_pins_are_not_replaced_by_a_guess(verify: Any, shown: Shown, tmp_path: Path) -> None:
    stored = tmp_path / "config" / "aei" / "logs.json"
    stored.parent.mkdir(parents=True)
    for damage in ("{", "[]", json.dumps({"URL": 1}), json.dumps({"URL": {"key": "x"}})):
        stored.write_text(damage.replace("URL", _url()))
        shown.log(Log().add(LEAF), [0])
        result = verify()
        assert result.exit_code == 1
        assert "cannot be read" in result.stderr


def _url() -> str:
    return os.environ["AEI_URL"]
