"""The key of the public log, and where its checkpoints lie."""

from pathlib import Path

import pytest

from aei_inspection.notes import Checkpoint, SigningKey
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import read_release_log_key, release_log_shelf
from aei_protocol.merkle import EMPTY_ROOT


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", runtime=tmp_path / "run")


def test_the_key_of_the_release_log_is_made_once_and_keeps_its_name(settings: Settings) -> None:
    key = read_release_log_key(settings)
    assert read_release_log_key(settings) == key
    assert key.name.startswith("aei-marketplace-")
    file = settings.keys / "release-log.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert SigningKey.parse(file.read_text()) == key


def test_a_log_made_behind_a_public_address_is_named_after_it(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, runtime=tmp_path / "run", public_url="https://marketplace.example")
    assert read_release_log_key(settings).name == "marketplace.example/releases"


async def test_the_checkpoint_that_was_kept_last_is_found_again(settings: Settings) -> None:
    key, shelf = read_release_log_key(settings), release_log_shelf(settings)
    assert await shelf.latest() is None
    notes = [key.sign(Checkpoint(key.name, size, EMPTY_ROOT).text()) for size in (0, 1)]
    for note in notes:
        await shelf.keep(note)
        assert await release_log_shelf(settings).latest() == note
