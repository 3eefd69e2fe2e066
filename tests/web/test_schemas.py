"""The schemas that editors fetch: those of the contract, and none by another name."""

import json

import pytest

from aei_inspection.schemas import compile_schema
from aei_protocol.manifest import manifest_schema
from aei_protocol.schemas import PUBLISHED, schema_text


@pytest.mark.parametrize("name", PUBLISHED)
async def test_each_schema_is_served_to_anybody(client, name: str):
    answer = await client.get(f"/schemas/{name}.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/schema+json")
    assert answer.json == json.loads(schema_text(name))


@pytest.mark.parametrize("name", ["other", "..%2Fmanifest", "manifest.schema", "manifest%00", "x" * 500])
async def test_no_other_name_is_served(client, name: str):
    assert (await client.get(f"/schemas/{name}.json")).status == 404


def test_the_published_manifest_schema_is_the_one_that_the_gate_applies():
    assert json.loads(schema_text("manifest")) == manifest_schema()


@pytest.mark.parametrize("name", ["test-case", "messages"])
def test_the_schemas_are_schemas(name: str):
    compile_schema(json.loads(schema_text(name)))


def test_an_unpublished_name_is_an_error():
    with pytest.raises(KeyError):
        schema_text("../interface")
