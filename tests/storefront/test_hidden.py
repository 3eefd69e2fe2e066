"""Another tenant's private plugin: on every route it is as absent as one that never was."""

import re
from collections.abc import Iterator
from typing import Any

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import ROUTERS, create_app
from aei_marketplace.ground.deps import Deps
from aei_marketplace.web.section import Section
from tests.builders import Tenant
from tests.serving import Answer, serving

#: The private plugin of the shelf, and one of the same length that there is not.
HIDDEN, MISSING = "acme.hush", "acme.husk"
#: What stands for the other parameters of addresses.
PARTS = {"version": "1.0.0", "kind": "version", "other": "acme.links", "name": "acme"}
#: What is drawn anew for each answer.
DRAWN = re.compile(rb'[0-9a-f]{32}|[\w-]{43}|(?<=name="once" value=")[^"]*|\b[0-9a-f-]{36}\b|\d+ ms')


def addresses() -> Iterator[tuple[str, str]]:
    """Method and path of every route that names a plugin, with `{plugin_id}` left in it."""
    sections = (Section(router) for router in ROUTERS)
    for route in (c for s in sections for part in s.routes for c in part.effective_route_contexts()):
        if "{plugin_id}" in (route.path or ""):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, _filled(route.path)


def _filled(path: str) -> str:
    return re.sub(r"\{(?!plugin_id)(\w+)(:\w+)?\}", lambda part: PARTS.get(part[1], "0" * 32), path)


def body_of(schema: dict[str, Any], known: dict[str, Any]) -> Any:
    """The smallest body that a schema takes, as far as it says what it takes."""
    if "$ref" in schema:
        return body_of(known[schema["$ref"].rpartition("/")[2]], known)
    for chosen in ("anyOf", "oneOf", "allOf"):
        if chosen in schema:
            return body_of(schema[chosen][0], known)
    if "const" in schema or "enum" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {name: body_of(properties.get(name, {}), known) for name in schema.get("required", ())}
    whole = schema.get("minimum", 1)
    return {"array": [], "boolean": True, "integer": whole, "number": whole}.get(
        schema.get("type", ""), schema.get("examples", ["x"])[0]
    )


def bodies(document: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """By method and path the body that a route takes."""
    known = document["components"]["schemas"]
    return {
        (method.upper(), _filled(path)): body_of(content["schema"], known)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
        if (content := said.get("requestBody", {}).get("content", {}).get("application/json"))
    }


def told(answer: Answer) -> tuple[int, str | None, bytes]:
    """An answer without what is drawn, and without the name that was asked for."""
    body = answer.body
    for name in (HIDDEN, MISSING, HIDDEN.replace(".", "_"), MISSING.replace(".", "_")):
        body = body.replace(name.encode(), b"NAME")
    where = answer.headers.get("Location", "").replace(HIDDEN, "NAME").replace(MISSING, "NAME")
    return answer.status, where, DRAWN.sub(b"", body)


async def test_on_every_route_a_private_plugin_is_as_absent_as_one_that_never_was(
    deps: Deps, urls: DatabaseUrls, shelf: None, globex: Tenant
) -> None:
    app = create_app(deps, urls.app)
    sent = bodies(app.openapi())
    asked = list(addresses())
    assert len(asked) > 60
    async with serving(app) as client:
        for method, path in asked:
            rest: dict[str, Any] = {"allow_redirects": False, "json": sent.get((method, path))}
            if not path.startswith("/api"):
                rest = {"allow_redirects": False, "headers": {"Accept": "text/html"}}
                rest |= {"data": {}} if method == "POST" else {}
            # Who is not signed in changes nothing anywhere.
            for token in (globex.tokens["Admin"], None) if method == "GET" else (globex.tokens["Admin"],):
                answers = [
                    await client.send(method, path.replace("{plugin_id}", name), token, **rest)
                    for name in (HIDDEN, MISSING)
                ]
                assert told(answers[0]) == told(answers[1]), f"{method} {path}"
                assert answers[0].status >= 300 or answers[0].json["items"] == []
