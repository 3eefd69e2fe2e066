"""Areas of files: what is written is there, counted and bounded, whoever writes and whatever is killed."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aei_sandbox.broker.files import area as areas
from aei_sandbox.broker.files.area import (
    LARGEST_FILE,
    LEAST_COST,
    Area,
    AreaEnded,
    NoSuchFile,
    QuotaExceeded,
    TooLarge,
    cost_of,
    open_kept,
    open_scratch,
)
from aei_sandbox.broker.files.cabinet import Cabinet, NoPlace, open_folder

MIB = 1024 * 1024


def kept(folder: Path) -> Area:
    return Area(partial(open_kept, folder))


@pytest.fixture(params=["kept", "scratch"])
def area(request: pytest.FixtureRequest, tmp_path: Path) -> Area:
    """Both kinds of area, empty."""
    return kept(tmp_path / "t" / "i") if request.param == "kept" else Area(partial(open_scratch, tmp_path))


NAMES = st.sampled_from(["a", "b", "A", "d/a", "d/b", "d/e/a", "d0", "d-", "d", "'", "%", "ä"])
QUOTA = 8 * LEAST_COST


class AnArea(RuleBasedStateMachine):
    """An area is a dictionary with a quota; closing it changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory(prefix="aei-area-")
        self.folder = Path(self.temporary.name, "t", "i")
        self.area = kept(self.folder)
        self.model: dict[str, str] = {}

    @property
    def taken(self) -> int:
        return sum(cost_of(name, len(content.encode())) for name, content in self.model.items())

    @rule(name=NAMES, content=st.text(max_size=50) | st.integers(0, 5000).map(lambda n: "ö" * n))
    def write(self, name: str, content: str) -> None:
        cost = cost_of(name, len(content.encode()))
        before = cost_of(name, len(self.model[name].encode())) if name in self.model else 0
        if cost > before and self.taken - before + cost > QUOTA:
            with pytest.raises(QuotaExceeded):
                self.area.write(name, content, QUOTA)
        else:
            self.area.write(name, content, QUOTA)
            self.model[name] = content

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if name in self.model:
            self.area.delete(name)
            del self.model[name]
        else:
            with pytest.raises(NoSuchFile):
                self.area.delete(name)

    @rule(name=NAMES)
    def read(self, name: str) -> None:
        if name in self.model:
            assert self.area.read(name) == self.model[name]
        else:
            with pytest.raises(NoSuchFile):
                self.area.read(name)

    @rule(prefix=st.sampled_from(["", "d/", "d/e/", "none/"]))
    def list(self, prefix: str) -> None:
        expected = [(n, len(c.encode())) for n, c in self.model.items() if n.startswith(prefix)]
        assert self.area.list(prefix) == sorted(expected, key=lambda pair: pair[0].encode())

    @rule()
    def close(self) -> None:
        self.area.close()

    @precondition(lambda self: self.folder.exists())
    @rule()
    def another_process_sees_the_same(self) -> None:
        with closing(open_kept(self.folder)) as connection:
            assert dict(connection.execute("select name, content from files")) == self.model

    @invariant()
    def the_totals_are_those_of_the_files(self) -> None:
        with self.area._opened() as connection:
            totals = connection.execute("select files, bytes from totals").fetchone()
        assert totals == (len(self.model), self.taken)
        assert self.taken <= QUOTA

    def teardown(self) -> None:
        self.area.end()
        self.temporary.cleanup()


TestAnArea = AnArea.TestCase
TestAnArea.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_any_text_comes_back_as_it_was_written(area: Area) -> None:
    for content in ("", "\0", "a\0b", "\ufffd\U0010ffff", "\r\n", "x" * LARGEST_FILE):
        area.write("f", content, 4 * MIB)
        assert area.read("f") == content


def test_a_file_is_no_larger_than_an_argument(area: Area) -> None:
    with pytest.raises(TooLarge):
        area.write("f", "ö" * (LARGEST_FILE // 2) + "x", 10 * MIB)
    assert area.list("") == []


def test_empty_files_reach_the_quota_too(area: Area) -> None:
    with pytest.raises(QuotaExceeded):
        for number in range(1_000_000):
            area.write(f"f{number}", "", MIB)
    assert len(area.list("")) == MIB // LEAST_COST
    area.delete("f0")
    area.write("again", "", MIB)


def test_the_number_of_files_is_bounded_where_the_quota_is_large(
    area: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(areas, "MOST_FILES", 50)
    for number in range(50):
        area.write(f"f{number}", "", 1024 * MIB)
    with pytest.raises(QuotaExceeded):
        area.write("f50", "", 1024 * MIB)
    area.write("f49", "replaced", 1024 * MIB)
    area.delete("f1")
    area.write("f50", "", 1024 * MIB)


def test_a_refused_write_leaves_the_file_as_it_was(area: Area) -> None:
    area.write("f", "before", MIB)
    with pytest.raises(QuotaExceeded):
        area.write("f", "x" * MIB, MIB)
    assert area.read("f") == "before"


def test_a_quota_that_was_lowered_lets_what_is_there_be_read_shrunk_and_removed(area: Area) -> None:
    area.write("f", "x" * 500_000, MIB)
    area.write("g", "x" * 500_000, MIB)
    assert len(area.read("f")) == 500_000
    with pytest.raises(QuotaExceeded):
        area.write("h", "", 100_000)
    with pytest.raises(QuotaExceeded):
        area.write("f", "x" * 500_001, 100_000)
    area.write("f", "x" * 400_000, 100_000)
    area.delete("g")


def test_the_disk_never_holds_much_more_than_the_quota(tmp_path: Path) -> None:
    for size in (0, 600, 1500, 2200, 4200, 9000):
        area = kept(tmp_path / "t" / str(size))
        with pytest.raises(QuotaExceeded):
            for number in range(10_000):
                area.write(f"{number:05}", "x" * size, 2 * MIB)
        area.close()
        used = sum(path.stat().st_size for path in (tmp_path / "t" / str(size)).iterdir())
        assert used < 2.5 * 2 * MIB, size


def test_scratch_leaves_no_name_in_the_file_system_and_nothing_behind(tmp_path: Path) -> None:
    area = Area(partial(open_scratch, tmp_path))
    area.write("f", "x" * 100_000, MIB)
    assert list(tmp_path.iterdir()) == []
    area.end()
    with pytest.raises(AreaEnded):
        area.read("f")


def test_writers_in_many_threads_and_connections_lose_nothing_and_overrun_nothing(tmp_path: Path) -> None:
    quota, folder = 100 * LEAST_COST, tmp_path / "t" / "i"
    writers = [kept(folder) for _ in range(3)]

    def fill(writer: int) -> int:
        written = 0
        for number in range(60):
            try:
                writers[writer % 3].write(f"w{writer}/{number}", "x", quota)
                written += 1
            except QuotaExceeded:
                pass
        return written

    with ThreadPoolExecutor(6) as threads:
        written = sum(threads.map(fill, range(6)))
    assert written == len(writers[0].list("")) == 100
    for writer in writers:
        writer.close()


def test_who_opens_an_area_at_the_same_time_waits_for_each_other(tmp_path: Path) -> None:
    together = threading.Barrier(4)

    def open_it(number: int) -> None:
        area = kept(tmp_path / "t" / f"i{number // 4}")
        together.wait()
        area.write(f"f{number}", "x", MIB)
        area.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(open_it, range(160)))


def test_a_damaged_area_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    area = kept(tmp_path / "t" / "i")
    area.write("f", "x", MIB)
    area.close()
    database = tmp_path / "t" / "i" / "files.sqlite3"
    database.write_bytes(os.urandom(8192))
    with pytest.raises(sqlite3.DatabaseError):
        area.read("f")
    assert database.stat().st_size == 8192


def test_an_area_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    area = kept(tmp_path / "t" / "i")
    area.write("f", "x", MIB)
    area.close()
    with closing(sqlite3.connect(tmp_path / "t" / "i" / "files.sqlite3")) as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(sqlite3.DatabaseError, match="newer"):
        area.read("f")


WRITER = """
import sys
from functools import partial
from pathlib import Path
from aei_sandbox.broker.files.area import Area, open_kept
area = Area(partial(open_kept, Path(sys.argv[1])))
area.write("counter", "0", 1 << 30)
print("ready", flush=True)
number = 0
while True:
    number += 1
    for name in ("a", "b", "c"):
        area.write(name, chr(97 + number % 26) * (50_000 + number % 7 * 30_000), 1 << 30)
    area.write("counter", str(number), 1 << 30)
    print(number, flush=True)
    if number % 5 == 0:
        area.delete("c")
"""


def test_a_writer_that_is_killed_leaves_whole_files_and_true_totals(tmp_path: Path) -> None:
    folder, told = tmp_path / "t" / "i", 0
    for wait in (0.0, 0.03, 0.11, 0.23):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(wait)
        process.kill()
        told = int((process.stdout.read().split() or [b"0"])[-1])
        process.wait()
        process.stdout.close()
        area = kept(folder)
        assert int(area.read("counter")) in (told, told + 1)
        for name, size in area.list(""):
            content = area.read(name)
            assert len(content) == size
            assert name == "counter" or len(set(content)) == 1
        with area._opened() as connection:
            assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
            totals = connection.execute("select * from totals").fetchall()
            assert totals == connection.execute("select count(*), sum(cost) from files").fetchall()
        area.close()


@pytest.fixture
async def cabinet(tmp_path: Path) -> AsyncIterator[Cabinet]:
    cabinet = Cabinet(open_folder(tmp_path / "files"), 4)
    yield cabinet
    cabinet.close()


async def test_executions_of_one_installation_share_its_area_until_the_last_gives_it_back(
    cabinet: Cabinet, tmp_path: Path
) -> None:
    one, other = cabinet.take("acme", "i"), cabinet.take("acme", "i")
    assert one is other
    one.write("f", "x", MIB)
    await cabinet.give_back("acme", "i")
    other.write("g", "x", MIB)
    await cabinet.give_back("acme", "i")
    assert [path.name for path in (tmp_path / "files/acme/i").iterdir()] == ["files.sqlite3"]
    assert cabinet._held == {}
    assert [name for name, _ in cabinet.take("acme", "i").list("")] == ["f", "g"]
    await cabinet.give_back("acme", "i")


async def test_areas_taken_and_given_back_at_once_never_hold_a_second_connection(cabinet: Cabinet) -> None:
    async def use(number: int) -> None:
        area = cabinet.take("acme", "i")
        await cabinet.do(partial(area.write, f"f{number}", "x", MIB))
        await cabinet.give_back("acme", "i")

    await asyncio.gather(*(use(number) for number in range(60)))
    assert cabinet._held == {}
    assert len(cabinet.take("acme", "i").list("")) == 60
    await cabinet.give_back("acme", "i")


async def test_no_area_is_seen_from_another_tenant_or_installation(cabinet: Cabinet) -> None:
    cabinet.take("acme", "i").write("f", "acme's", MIB)
    for tenant, installation in (("globex", "i"), ("acme", "j"), ("i", "acme")):
        assert cabinet.take(tenant, installation).list("") == []
        await cabinet.give_back(tenant, installation)
    await cabinet.give_back("acme", "i")


@pytest.mark.parametrize(
    ("tenant", "installation"),
    [
        ("..", "i"),
        ("acme", ".."),
        ("acme", ""),
        ("", "i"),
        ("acme", "i/../../x"),
        (".scratch", "x"),
        ("a", "b\0"),
    ],
)
async def test_only_ids_name_an_area(cabinet: Cabinet, tenant: str, installation: str) -> None:
    with pytest.raises(NoPlace):
        cabinet.take(tenant, installation)
    with pytest.raises(NoPlace):
        await cabinet.forget(tenant, installation)


async def test_a_forgotten_area_is_gone_and_does_not_return(cabinet: Cabinet, tmp_path: Path) -> None:
    area = cabinet.take("acme", "i")
    area.write("f", "x", MIB)
    cabinet.take("acme", "j").write("f", "x", MIB)
    await cabinet.forget("acme", "i")
    await cabinet.forget("acme", "i")
    with pytest.raises(AreaEnded):
        area.write("g", "x", MIB)
    with pytest.raises(AreaEnded):
        cabinet.take("acme", "i")
    await cabinet.give_back("acme", "i")
    await cabinet.give_back("acme", "j")
    assert sorted(path.name for path in (tmp_path / "files").rglob("*")) == [
        ".scratch",
        "acme",
        "files.sqlite3",
        "j",
    ]


async def test_forgetting_in_the_midst_of_writing_leaves_nothing(cabinet: Cabinet, tmp_path: Path) -> None:
    area = cabinet.take("acme", "i")

    async def write_on() -> None:
        for number in range(1000):
            await cabinet.do(partial(area.write, f"f{number % 50}", "x" * 5000, MIB))

    writing = asyncio.create_task(write_on())
    await asyncio.sleep(0.05)
    await cabinet.forget("acme", "i")
    with pytest.raises(AreaEnded):
        await writing
    assert list((tmp_path / "files/acme").iterdir()) == []


async def test_what_was_about_to_be_forgotten_is_removed_at_the_next_start(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "files")
    for left in (".forgotten-1234", ".scratch"):
        (folder / left).mkdir(exist_ok=True)
        (folder / left / "file").write_text("x")
    (folder / "acme").mkdir()
    open_folder(folder)
    assert sorted(path.name for path in folder.rglob("*")) == [".scratch", "acme"]


async def test_a_host_without_a_folder_keeps_nothing_but_scratch() -> None:
    cabinet = Cabinet(None, 1)
    with pytest.raises(NoPlace):
        cabinet.take("acme", "i")
    await cabinet.forget("acme", "i")
    scratch = cabinet.scratch()
    scratch.write("f", "x", MIB)
    assert scratch.read("f") == "x"
    scratch.end()
    cabinet.close()


def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir(mode=0o777)
    folder = open_folder(tmp_path / "files")
    kept(folder / "acme" / "i").write("f", "x", MIB)
    for path in (folder, folder / "acme", folder / "acme" / "i"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can give a folder away; the rule itself needs no root"
)
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    os.chown(tmp_path / "files", 65534, 65534)
    with pytest.raises(PermissionError):
        open_folder(tmp_path / "files")
