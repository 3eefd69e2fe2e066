"""`aei key`, and publishing with a signature."""

import hashlib
import json
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from aei_inspection.signatures import PrivateKey, PublicKey, verify_package
from tests.packages import make_package
from tests.sdk.conftest import Aei
from tests.sdk.marketplace import Marketplace


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "echo.aeiplugin"
    path.write_bytes(make_package())
    return path


def envelope_of(marketplace: Marketplace) -> bytes:
    return dict(marketplace.last("POST", "/api/plugins").body)["signature"]


def test_a_key_is_made_for_its_owner_alone_and_never_overwritten(aei: Aei, tmp_path: Path) -> None:
    made = json.loads(aei("key", "new", "--json").stdout)
    path = Path(made["key"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert PublicKey.from_pem(Path(made["public_key"]).read_bytes()).id == made["id"]
    before = path.read_bytes()
    assert aei("key", "new").exit_code == 2
    assert path.read_bytes() == before
    assert aei("key", "new", "--out", tmp_path / "other.pem").exit_code == 0
    assert PrivateKey.from_pem((tmp_path / "other.pem").read_bytes())


def test_what_is_published_with_sign_is_signed_by_the_own_key(
    aei: Aei, marketplace: Marketplace, package: Path
) -> None:
    made = json.loads(aei("key", "new", "--json").stdout)
    result = aei("plugin", "publish", package, "--sign")
    assert result.exit_code == 0, result.stderr
    key = PublicKey.from_pem(Path(made["public_key"]).read_bytes())
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    assert verify_package(envelope_of(marketplace), digest, [key]) == key


def test_another_key_is_named_and_its_passphrase_asked_for(
    aei: Aei, marketplace: Marketplace, package: Path, tmp_path: Path
) -> None:
    key = PrivateKey.generate()
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open"))
    )
    assert aei("plugin", "publish", package, "--key", locked, input="wrong\n").exit_code == 1
    assert not marketplace.seen
    assert aei("plugin", "publish", package, "--key", locked, input="open\n").exit_code == 0
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    assert verify_package(envelope_of(marketplace), digest, [key.public]) == key.public


def test_a_missing_key_and_two_signatures_are_slips_of_the_command_line(
    aei: Aei, marketplace: Marketplace, package: Path
) -> None:
    assert aei("plugin", "publish", package, "--sign").exit_code == 2
    assert aei("plugin", "publish", package, "--sign", "--signature", package).exit_code == 2
    assert aei("key", "add").exit_code == 2
    assert not marketplace.seen


def test_what_the_registry_would_refuse_is_not_signed(
    aei: Aei, marketplace: Marketplace, tmp_path: Path
) -> None:
    aei("key", "new")
    bad = tmp_path / "bad.aeiplugin"
    bad.write_bytes(b"PK")
    assert aei("plugin", "publish", bad, "--sign").exit_code == 5
    assert not marketplace.seen


def test_keys_are_registered_shown_revoked_and_required(
    aei: Aei, marketplace: Marketplace, tmp_path: Path
) -> None:
    made = json.loads(aei("key", "new", "--json").stdout)
    shown = {"id": made["id"], "name": "laptop", "created_at": "2030-01-01T00:00:00Z", "revoked_at": None}
    place = f"/api/signing-keys/{made['id']}"
    marketplace.answers |= {
        ("POST", "/api/signing-keys"): lambda: web.json_response(shown, status=201),
        ("GET", "/api/signing-keys"): lambda: web.json_response({"items": [shown], "total": 1}),
        ("DELETE", place): lambda: web.Response(status=204),
        ("PUT", "/api/signing-policy"): lambda: web.json_response({"required": True}),
    }
    assert aei("key", "add", "--name", "laptop").exit_code == 0
    sent = marketplace.last("POST", "/api/signing-keys").body
    assert sent == {"name": "laptop", "public_key": Path(made["public_key"]).read_text()}
    assert made["id"] in aei("key", "list").stdout
    assert aei("key", "revoke", made["id"]).exit_code == 0
    assert marketplace.last("DELETE", place)
    assert aei("key", "require").exit_code == 0
    assert marketplace.last("PUT", "/api/signing-policy").body == {"required": True}
    assert aei("key", "require", "--off").exit_code == 0
    assert marketplace.last("PUT", "/api/signing-policy").body == {"required": False}
