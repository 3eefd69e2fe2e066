"""Static files."""

import gzip
from pathlib import Path

import pytest

from aei_marketplace.web.shell import static
from aei_marketplace.web.shell.rendering import environment


def test_every_file_has_its_digest_in_its_address():
    files = static.static_files()
    assert {"style.css", "shell.js", "icons.svg", "htmx.js"} <= set(files)
    for name, file in files.items():
        stem, _, ending = file.address.removeprefix(static.PREFIX).partition(".")
        digest = ending.partition(".")[0]
        assert name.startswith(stem)
        assert len(digest) == 12


def test_no_third_partys_script_is_in_this_repository():
    ours = [path.name for path in Path(static.__file__).parents[2].rglob("*.js")]
    assert not [name for name in ours if "htmx" in name]


def test_an_unknown_name_in_a_template_is_a_mistake():
    with pytest.raises(KeyError):
        static.asset("gone.js")


async def test_a_file_is_compressed_for_who_takes_that_and_cached_for_good(client):
    file = static.static_files()["style.css"]
    packed = await client.get(file.address, headers={"Accept-Encoding": "gzip"})
    plain = await client.get(file.address, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.body == plain.body == file.content  # the client unpacks
    assert gzip.decompress(file.compressed) == file.content
    for answer in (packed, plain):
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("name", ["style.css", "style.000000000000.css", "..%2Ftokens.css", "%00", "a" * 300])
async def test_what_is_no_file_of_ours_is_not_found(client, name: str):
    assert (await client.get(f"/static/{name}")).status == 404


def test_what_every_page_loads_stays_small():
    files = static.static_files()
    assert (
        sum(len(files[name].compressed) for name in ("style.css", "shell.js", "icons.svg", "mark.svg"))
        < 20_000
    )


def test_templates_escape_everywhere_and_know_every_name():
    made = environment()
    assert made.autoescape is True
    for name in made.list_templates():
        if not name.endswith("~"):
            made.get_template(name)
