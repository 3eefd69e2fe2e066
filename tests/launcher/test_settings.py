"""Settings: which source wins, and what is refused with the source named."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.settings import Settings, SettingsError, load_settings
from aei_protocol.limits import ALLOWANCE_NAMES, LIMIT_NAMES


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def load(
    data: Path, flags: dict[str, object] | None = None, environ: dict[str, str] | None = None
) -> Settings:
    """Load with `data`'s parent as the current folder."""
    return load_settings({"data": str(data), "runtime": "/tmp/r"} | (flags or {}), environ or {}, data.parent)


def test_nothing_given_means_the_decided_defaults(tmp_path: Path) -> None:
    settings = load_settings({}, {"XDG_DATA_HOME": "/somewhere"}, tmp_path)
    expected = "/var/lib/aei-marketplace" if os.geteuid() == 0 else "/somewhere/aei-marketplace"
    assert settings.data == Path(expected)
    assert (settings.host, settings.port, settings.seed) == ("127.0.0.1", 8420, "demo")
    assert settings.database_url is None
    assert not settings.development_without_walls


def test_a_flag_wins_over_the_environment_and_that_over_the_files(data: Path) -> None:
    (data.parent / "aei.toml").write_text("port = 1\n")
    assert load(data).port == 1
    (data / "aei.toml").write_text("port = 2\n")
    assert load(data).port == 2
    assert load(data, environ={"AEI_PORT": "3"}).port == 3
    assert load(data, {"port": "4"}, {"AEI_PORT": "3"}).port == 4


def test_a_flag_that_was_not_given_hides_nothing(data: Path) -> None:
    assert load(data, {"port": None}, {"AEI_PORT": "3"}).port == 3


def test_the_current_folders_file_may_name_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "aei.toml").write_text(f'data = "{tmp_path}/elsewhere"\n')
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "aei.toml").write_text('seed = "none"\n')
    settings = load_settings({}, {}, tmp_path)
    assert settings.data == tmp_path / "elsewhere"
    assert settings.seed == "none"


def test_the_data_folder_cannot_move_itself(data: Path) -> None:
    (data / "aei.toml").write_text('data = "/elsewhere"\n')
    with pytest.raises(SettingsError, match="cannot be set inside the data folder"):
        load(data)


@pytest.mark.parametrize(
    ("name", "value", "means"),
    [
        ("port", "70000", "whole number from 0 to 65535"),
        ("port", "-1", "whole number"),
        ("port", "８４２０", "whole number"),
        ("port", True, "whole number"),
        ("seed", "full", "`demo` or `none`"),
        ("database_url", "mysql://localhost/x", "postgresql://"),
        ("public_url", "ftp://x", "http://"),
        ("limits", "speed=1", "there are"),
        ("limits", "cpu_ms=0", "whole number"),
        ("limits", "cpu_ms", "whole number"),
        ("limits", ["cpu_ms"], "table"),
        ("limits", {"cpu_ms": True}, "whole number"),
        ("max_workers", 0, "from 1 to 1024"),
        ("egress_hosts", "127.0.0.1", "NAME:PORT=ADDRESS:PORT"),
        ("egress_hosts", 3, "NAME:PORT=ADDRESS:PORT"),
        ("development_without_walls", "perhaps", "true or false"),
        ("aei_version", "2.3", "2.3.1"),
        ("host", "", "not empty"),
        ("data", "  ", "path"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_its_source(
    data: Path, name: str, value: object, means: str
) -> None:
    with pytest.raises(SettingsError, match=rf"flag --{name.replace('_', '-')}: `{name}`.*{means}"):
        load(data, {name: value})


def test_an_unknown_key_in_a_file_is_refused_with_the_file_and_a_suggestion(data: Path) -> None:
    (data / "aei.toml").write_text("prot = 1\n")
    with pytest.raises(SettingsError, match=r"data/aei\.toml: `prot` is not a setting; did you mean `port`"):
        load(data)


def test_a_file_that_is_not_toml_is_refused_with_its_name(data: Path) -> None:
    (data / "aei.toml").write_text("port: 1\n")
    with pytest.raises(SettingsError, match=r"aei\.toml cannot be read"):
        load(data)


def test_a_bad_value_in_the_environment_names_the_variable(data: Path) -> None:
    with pytest.raises(SettingsError, match="environment variable AEI_PORT: `port`"):
        load(data, environ={"AEI_PORT": "x"})


def test_a_misspelt_variable_is_refused_and_a_foreign_one_is_not(data: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean AEI_PORT"):
        load(data, environ={"AEI_PROT": "1"})
    assert load(data, environ={"AEI_URL": "http://x", "AEI_TOKEN": "t", "AEI_VENV": "/v"}).port == 8420


def test_a_runtime_folder_too_long_for_a_socket_is_refused(data: Path) -> None:
    with pytest.raises(SettingsError, match="AEI_RUNTIME"):
        load(data, {"runtime": "/" + "r" * 90})


def test_the_default_runtime_folder_is_short_and_belongs_to_one_data_folder(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 200)
    one = load_settings({"data": str(long)}, {"XDG_RUNTIME_DIR": str(long)}, tmp_path).runtime
    other = load_settings({"data": str(tmp_path)}, {"XDG_RUNTIME_DIR": str(long)}, tmp_path).runtime
    assert one != other
    assert len(str(one)) < 80


def test_the_database_password_is_not_shown(data: Path) -> None:
    settings = load(data, {"database_url": "postgresql://me:hush@host/db"})
    assert "hush" not in repr(settings)


@given(
    port=st.integers(0, 65535),
    walls=st.booleans(),
    workers=st.none() | st.integers(1, 1024),
    hosts=st.lists(
        st.from_regex(r"[a-z]{1,8}:[1-9]\d{0,3}=[a-z.]{1,9}:[1-9]\d{0,3}", fullmatch=True), max_size=3
    ),
    public=st.none() | st.just("https://market.example"),
    limits=st.dictionaries(st.sampled_from((*LIMIT_NAMES, *ALLOWANCE_NAMES)), st.integers(1, 2**40)),
)
def test_a_child_loads_the_very_same_settings_from_its_environment(
    port: int, walls: bool, workers: int | None, hosts: list[str], public: str | None, limits: dict[str, int]
) -> None:
    settings = Settings(
        data=Path("/nowhere/data"),
        runtime=Path("/run/x"),
        port=port,
        development_without_walls=walls,
        max_workers=workers,
        egress_hosts=tuple(hosts),
        public_url=public,
        limits=limits,
        database_url="postgresql://u:p@h/d?sslmode=require",
        master_key_file=Path("/keys/master"),
    )
    assert load_settings({}, settings.environment(), Path("/nowhere")) == settings
