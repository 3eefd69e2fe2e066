"""Keys: rotated while they are used, interrupted, copied, lost and recovered."""

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from aei_marketplace.adapters.master_key_files import MasterKeyFiles
from aei_marketplace.backup import key_rotation
from aei_marketplace.backup.errors import BackupError, NotABackup, WrongPassphrase
from aei_marketplace.backup.key_folder import read_keys
from aei_marketplace.backup.progress import Silent
from aei_marketplace.backup.wrapped_keys import Keys, unwrap_keys, wrap_keys
from aei_marketplace.ground.master_keys import MasterKey, candidates, fingerprint, present
from aei_marketplace.manage import app
from aei_marketplace.vault import service as vault
from aei_marketplace.wiring import database_urls, master_key_files, read_master_key
from tests.backup.conftest import PASSPHRASE, SECRET, Source
from tests.backup.test_interrupted import killed
from tests.builders import make_tenant


async def secret_of(source: Source, key: bytes) -> str | None:
    return await vault.secret_value(source.deps.works, key, str(source.acme.id), "API_KEY")


async def actions(source: Source) -> list[str]:
    owner = await asyncpg.connect(database_urls(source.settings).owner)
    try:
        rows = await owner.fetch(
            "select action from audit_entries where resource_type in ('master_key', 'data_key') order by id"
        )
    finally:
        await owner.close()
    return [row["action"] for row in rows]


async def test_a_rotation_leaves_every_value_readable_and_nothing_under_the_old_key(source: Source) -> None:
    old = read_master_key(source.settings)
    done = await key_rotation.rotate(source.settings, Silent())
    new = read_master_key(source.settings)
    assert (new != old, done.done, done.resumed) == (True, 1, False)
    assert await secret_of(source, bytes(new)) == SECRET
    use = await key_rotation.find_use(source.settings)
    assert (use.outdated, use.shut, use.idle) == (0, [], [fingerprint(old)])
    assert await actions(source) == ["master_key.rotate", "data_key.rewrap", "master_key.settle"]


async def test_a_process_that_began_before_a_rotation_reads_and_writes_on(source: Source) -> None:
    running = read_master_key(source.settings)
    await key_rotation.rotate(source.settings, Silent())
    assert await secret_of(source, running) == SECRET
    globex = await make_tenant(source.deps.works, "globex")
    async with source.deps.works.begin(globex.admin) as work:
        await vault.put_secret(work, running, "KEY", "new tenant")
    use = await key_rotation.find_use(source.settings)
    assert use.data_keys == {use.keys[0]: 2, use.keys[1]: 0}, "its new data key is under the new master key"


async def test_readers_are_not_disturbed_by_a_rotation(source: Source) -> None:
    running, reading = read_master_key(source.settings), True

    async def read() -> int:
        times = 0
        while reading:
            assert await secret_of(source, running) == SECRET
            times += 1
        return times

    readers = [asyncio.create_task(read()) for _ in range(3)]
    for _ in range(3):
        await key_rotation.rotate(source.settings, Silent())
    reading = False
    assert all(times > 0 for times in await asyncio.gather(*readers))


async def test_an_interrupted_rotation_is_finished_without_another_key(source: Source) -> None:
    await make_secrets(source, 3)
    files = master_key_files(source.settings)
    files.replace()  # and here the process ends
    use = await key_rotation.find_use(source.settings)
    assert use.outdated == 4
    done = await key_rotation.rotate(source.settings, Silent())
    assert (done.resumed, done.done, done.present) == (True, 4, use.keys[0])
    assert len(files.read()) == 2
    assert (await key_rotation.find_use(source.settings)).shut == []


async def test_a_rotation_that_ends_between_two_data_keys_is_finished(source: Source) -> None:
    await make_secrets(source, 3)

    class Interrupted(Exception):
        pass

    class Interrupting(Silent):
        def stage(self, name: str, total: int | None = None):
            left = 2

            def advance(_: int) -> None:
                nonlocal left
                left -= 1
                if left == 0:
                    raise Interrupted

            return advance

    with pytest.raises(Interrupted):
        await key_rotation.rotate(source.settings, Interrupting())
    assert (await key_rotation.find_use(source.settings)).outdated == 2
    assert await secret_of(source, read_master_key(source.settings)) == SECRET
    assert (await key_rotation.rotate(source.settings, Silent())).done == 2


async def test_a_replacement_of_data_keys_that_is_killed_is_finished(source: Source, tmp_path: Path) -> None:
    await make_secrets(source, 3)
    await killed("replace", source.settings, tmp_path, "data keys", 2)
    assert await secret_of(source, read_master_key(source.settings)) == SECRET
    use = await key_rotation.find_use(source.settings)
    assert (use.due, use.shut) == (2, []), "two of four tenants have a fresh key, and everything opens"
    done = await key_rotation.replace_data_keys(source.settings, Silent())
    assert (done.resumed, done.keys, done.values) == (True, 2, 2)
    use = await key_rotation.find_use(source.settings)
    assert (use.due, use.shut, use.values) == (0, [], 4)
    assert (await actions(source)).count("data_key.replace") == 4


async def test_a_replacement_names_what_does_not_open(source: Source) -> None:
    owner = await asyncpg.connect(database_urls(source.settings).owner)
    await owner.execute("update secrets set ciphertext = ciphertext || 'x' where name = 'API_KEY'")
    await owner.close()
    with pytest.raises(BackupError, match="keys check"):
        await key_rotation.replace_data_keys(source.settings, Silent())
    assert (await key_rotation.find_use(source.settings)).due == 1


async def test_the_command_replaces_data_keys_and_leaves_the_master_key(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEI_DATABASE_URL", source.settings.database_url or "")
    before = read_master_key(source.settings)
    arguments = ["keys", "rotate", "--data-keys", "--data", str(source.settings.data)]
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert done.exit_code == 0, done.output
    assert "1 data keys were replaced, and 1 values sealed again" in done.output
    assert read_master_key(source.settings) == before
    assert await secret_of(source, before) == SECRET


async def make_secrets(source: Source, tenants: int) -> None:
    for number in range(tenants):
        tenant = await make_tenant(source.deps.works, f"tenant{number}")
        async with source.deps.works.begin(tenant.admin) as work:
            await vault.put_secret(work, read_master_key(source.settings), "KEY", str(number))


async def test_a_lost_key_is_named_and_comes_back_from_the_copy(source: Source) -> None:
    copy = wrap_keys(read_keys(source.settings), PASSPHRASE)
    files = master_key_files(source.settings)
    files.path.write_bytes(os.urandom(32))
    lost = await key_rotation.find_use(source.settings)
    assert lost.shut == [f"the data key of {source.acme.id}, and all that it seals"]
    with pytest.raises(BackupError, match="keys recover"):
        await key_rotation.rotate(source.settings, Silent())
    assert await key_rotation.recover(source.settings, unwrap_keys(copy, PASSPHRASE)) == [
        "an older master.key"
    ]
    assert await secret_of(source, read_master_key(source.settings)) == SECRET
    found = await key_rotation.find_use(source.settings)
    assert (found.shut, found.outdated) == ([], 1)
    assert (await key_rotation.rotate(source.settings, Silent())).resumed


async def test_a_missing_key_becomes_the_present_one_again(source: Source) -> None:
    keys, files = read_keys(source.settings), master_key_files(source.settings)
    files.path.unlink()
    assert await key_rotation.recover(source.settings, keys) == ["master.key"]
    assert files.read() == tuple(keys.master)
    assert await key_rotation.recover(source.settings, keys) == []


async def test_an_altered_value_is_named_and_its_neighbours_open(source: Source) -> None:
    async with source.deps.works.begin(source.acme.admin) as work:
        await vault.put_secret(work, source.deps.master_key, "OTHER", "fine")
    owner = await asyncpg.connect(database_urls(source.settings).owner)
    await owner.execute("update secrets set ciphertext = ciphertext || 'x' where name = 'API_KEY'")
    await owner.close()
    use = await key_rotation.find_use(source.settings)
    assert (use.values, use.shut) == (2, [f"secret API_KEY of {source.acme.id}"])


async def test_only_keys_that_nothing_needs_are_pruned(source: Source) -> None:
    files = master_key_files(source.settings)
    files.replace()
    assert await key_rotation.prune(source.settings) == []
    await key_rotation.rotate(source.settings, Silent())
    old = files.read()[1]
    assert await key_rotation.prune(source.settings) == [fingerprint(old)]
    assert len(files.read()) == 1
    assert await secret_of(source, read_master_key(source.settings)) == SECRET


def test_every_step_of_a_replacement_leaves_every_key_in_a_file(tmp_path: Path) -> None:
    files = MasterKeyFiles(tmp_path / "master.key")
    files.make()
    first = files.read()
    (tmp_path / "master.key.next").write_bytes(b"half")  # of a rotation that was killed
    old, new = files.replace()
    assert (old, (new, old)) == (first[0], files.read())
    files.keep(new)  # the present one under its second name too, as a kill before the rename leaves it
    assert files.read() == (new, old)
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_the_first_maker_of_a_key_wins(tmp_path: Path) -> None:
    files = MasterKeyFiles(tmp_path / "master.key")
    files.make()
    before = files.read()
    files.make()
    assert files.read() == before


def test_a_master_key_looks_again_only_for_what_it_does_not_know() -> None:
    reads = 0
    keys = (b"a" * 32, b"b" * 32)

    def read() -> tuple[bytes, ...]:
        nonlocal reads
        reads += 1
        return keys

    key = MasterKey.kept(read)
    assert next(iter(candidates(key))) == b"a" * 32
    assert reads == 1
    keys = (b"c" * 32, b"a" * 32, b"b" * 32)
    assert list(candidates(key)) == [b"a" * 32, b"b" * 32, b"c" * 32]
    assert (present(key), bytes(key)) == (b"c" * 32, b"a" * 32)
    assert list(candidates(b"plain")) == [b"plain"]


def test_a_fingerprint_shows_nothing_of_its_key() -> None:
    key = bytes(range(32))
    assert len(fingerprint(key)) == 16
    assert fingerprint(key) not in key.hex()
    assert fingerprint(key) != fingerprint(bytes(32))


def test_wrapped_keys_open_with_their_passphrase_alone() -> None:
    keys = Keys([bytes(range(32))], {"release-log.key": b"PRIVATE"})
    copy = wrap_keys(keys, PASSPHRASE)
    assert bytes(range(32)) not in copy
    assert unwrap_keys(copy, PASSPHRASE) == keys
    with pytest.raises(WrongPassphrase):
        unwrap_keys(copy, PASSPHRASE + " ")
    with pytest.raises(WrongPassphrase):
        unwrap_keys(copy.replace(b"131072", b"65536"), PASSPHRASE)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"form": "aei-keys/1", "cost": 1099511627776, "salt": "", "nonce": "", "sealed": ""}',
    ],
)
def test_what_is_no_copy_of_keys_is_refused_before_any_work(content: bytes) -> None:
    with pytest.raises(NotABackup):
        unwrap_keys(content, PASSPHRASE)
