"""Plugins and releases as the API shows them."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import Request, Response

from aei_marketplace.catalog.service import Advisory, PluginView, ReleaseTexts, ReleaseView
from aei_marketplace.web.responses import json_answer, matches

_FREE = {"model": "free"}


def plugin_shape(plugin: PluginView) -> dict[str, Any]:
    """A plugin in a list."""
    document = plugin.document
    return {
        "id": plugin.id,
        "name": document["name"],
        "description": document["description"],
        "publisher": {"name": plugin.publisher_name, "verified": plugin.publisher_verified},
        "kind": document["kind"],
        "categories": document["categories"],
        "keywords": document.get("keywords", []),
        "latest": {
            "version": plugin.latest_version,
            "state": plugin.latest_state,
            "channel": plugin.latest_channel,
        },
        "advisory": plugin.advisory,
        "icon": plugin.icon,
        "permissions": document.get("permissions", {}),
        "limits": document.get("limits", {}),
        "examples": document.get("examples", []),
        "input_schema": document.get("input_schema", {}),
        "pricing": document.get("pricing", _FREE),
        "compatibility": document["compatibility"],
        "rating": {"average": _average(plugin), "count": plugin.rating_count},
        "installs": plugin.installs,
        "certified": plugin.certified,
        "health": None,  # no score yet
        "visibility": plugin.visibility,
        "created_at": plugin.created_at,
        "updated_at": plugin.updated_at,
    }


def plugin_page_shape(
    plugin: PluginView, texts: ReleaseTexts, advisories: Sequence[Advisory]
) -> dict[str, Any]:
    """A plugin on its own page: what lists leave out stands here too."""
    document = plugin.document
    return {
        **plugin_shape(plugin),
        "author": document["author"],
        "license": document["license"],
        "homepage": document.get("homepage"),
        "repository": document.get("repository"),
        "support": document.get("support"),
        "output_schema": document.get("output_schema", {}),
        "config_schema": document.get("config_schema", {}),
        "dependencies": document.get("dependencies", {}),
        "replaces": document.get("replaces", []),
        "readme": texts.readme,
        "changelog": texts.changelog,
        "advisories": [advisory_shape(advisory) for advisory in advisories],
    }


def release_shape(release: ReleaseView) -> dict[str, Any]:
    """A release."""
    return {
        "id": release.release_id,
        "plugin_id": release.plugin_id,
        "version": release.version,
        "channel": release.channel,
        "state": release.state,
        "state_reason": release.state_reason,
        "state_changed_at": release.state_changed_at,
        "replacement": release.replacement,
        "sha256": release.package_sha256,
        "size_bytes": release.size_bytes,
        "component_sha256": release.component_sha256,
        "published_at": release.published_at,
        "listed_at": release.listed_at,
        "publisher": {
            "id": release.publisher_id,
            "name": release.publisher_name,
            "verified": release.publisher_verified,
        },
        "visibility": release.visibility,
        "signed": release.signed,
        "signer": release.signer,
        "manifest": release.manifest.document,
        "certification": _certification(release),
        "log_index": release.log_index,
        "advisories": release.advisories,
        "icon": release.icon,
    }


def _certification(release: ReleaseView) -> dict[str, Any] | None:
    """The badge that holds; its evidence and statement are at `…/versions/{version}/certification`."""
    if release.certified_until is None:
        return None
    return {"state": "certified", "id": release.certification, "expires_at": release.certified_until}


def advisory_shape(advisory: Advisory) -> dict[str, Any]:
    """An advisory about a plugin."""
    statement = advisory.statement
    return {
        "id": advisory.id,
        "plugin_id": advisory.plugin_id,
        "severity": statement.severity,
        "title": statement.title,
        "details": statement.details,
        "affected": statement.affected,
        "fixed": statement.fixed,
        "references": statement.links,
        "filed_by": "staff" if advisory.by_staff else "publisher",
        "filed_at": advisory.filed_at,
        "changed_at": advisory.changed_at,
        "withdrawn_at": advisory.withdrawn_at,
        "withdrawn_reason": advisory.withdrawn_reason,
    }


def etag_of(shape: dict[str, Any]) -> str:
    """A strong entity tag: any difference in what is shown changes it."""
    return f'"{hashlib.sha256(msgspec.json.encode(shape)).hexdigest()[:32]}"'


def tagged_answer(request: Request, shape: dict[str, Any], status: int = 200) -> Response:
    """One resource with its entity tag, or 304 when the caller has it already."""
    etag = etag_of(shape)
    if request.method == "GET" and matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers={"ETag": etag})
    return json_answer(shape, status, {"ETag": etag})


def _average(plugin: PluginView) -> float | None:
    return round(plugin.rating_sum / plugin.rating_count, 2) if plugin.rating_count else None
