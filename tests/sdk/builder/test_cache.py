"""The cache of builds: complete entries only, keys without ambiguity."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from aei_sdk.builder.cache import BuildCache, key_of

PARTS = st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8)), max_size=4)


def test_what_is_kept_is_found(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path / "new")
    assert cache.find("k") is None
    cache.keep("k", b"built")
    assert cache.find("k") == b"built"


def test_a_damaged_entry_counts_as_absent(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path)
    cache.keep("k", b"built")
    damaged = bytearray((tmp_path / "k").read_bytes())
    damaged[-1] ^= 1
    (tmp_path / "k").write_bytes(damaged)
    assert cache.find("k") is None


def test_a_cut_entry_counts_as_absent(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path)
    cache.keep("k", b"built")
    (tmp_path / "k").write_bytes((tmp_path / "k").read_bytes()[:10])
    assert cache.find("k") is None


def test_keeping_leaves_no_half_file_behind(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path)
    cache.keep("k", b"one")
    cache.keep("k", b"two")
    assert [path.name for path in tmp_path.iterdir()] == ["k"]
    assert cache.find("k") == b"two"


def test_the_folder_comes_from_the_environment() -> None:
    assert BuildCache.default({"AEI_BUILD_CACHE": "/somewhere"}).folder == Path("/somewhere")
    assert BuildCache.default({}).folder == Path.home() / ".cache" / "aei" / "builds"


@given(PARTS, PARTS)
def test_different_parts_have_different_keys(
    one: list[tuple[str, bytes]], other: list[tuple[str, bytes]]
) -> None:
    assert (key_of(one) == key_of(other)) == (one == other)
