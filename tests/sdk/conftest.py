"""Fixtures: a loopback marketplace, the command line in this process, projects and their builds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from aei_sdk.builder.cache import BUILD_CACHE, BuildCache
from aei_sdk.cli.app import app
from tests.sdk.marketplace import REASON, TOKEN, Marketplace, listing, running

CLONE = Path(__file__).resolve().parents[2]

#: Real builds are kept between runs of the suite, under everything that decides their bytes, and where
#: marketplaces that tests start keep theirs: none is made twice.
KEPT_BUILDS = BuildCache.default().folder

Aei = Callable[..., Result]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the person who runs the tests is read or changed."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv(BUILD_CACHE, str(KEPT_BUILDS))
    for name in ("AEI_URL", "AEI_TOKEN", "AEI_TOOLCHAIN_PYTHON"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def build_cache() -> BuildCache:
    """Builds that are kept between runs."""
    return BuildCache(KEPT_BUILDS)


@pytest.fixture
def marketplace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Marketplace]:
    """A marketplace with two plugins, and the command line signed in to it."""
    network = {"network": {"hosts": ["example.com", "*.example.com"], "reason": REASON}}
    plugins = {"acme.counter": listing("acme.counter"), "acme.fetcher": listing("acme.fetcher", network)}
    with running(Marketplace(plugins)) as there:
        monkeypatch.setenv("AEI_URL", there.url)
        monkeypatch.setenv("AEI_TOKEN", TOKEN)
        yield there


@pytest.fixture
def aei() -> Aei:
    """Run `aei` with these words and, as `input`, this standard input."""
    return lambda *words, **options: CliRunner().invoke(app, [str(word) for word in words], **options)
