"""Honest by their addresses: those of references, licences, namespaces and of the hosts that they name."""

from collections.abc import Callable, Mapping
from functools import partial

from aei_marketplace.bench.corpus.making import HOST, NETWORK, package, python

_LICENCE = """Permission is hereby granted, free of charge, to any person obtaining a copy of this software. You may obtain a
copy of the terms at http://www.apache.org/licenses/LICENSE-2.0 or https://opensource.org/license/mit; report mistakes to
https://parts-library.example/issues. Written by Jo <jo@parts-library.example>, see https://jo.parts-library.example."""

_SCIENCE = '''"""Fits a line to measurements.

Follows https://numpy.org/doc/stable/reference/generated/numpy.linalg.lstsq.html and the notes at
https://statistics-course.example/lectures/least-squares.pdf (chapter 3).

References
----------
https://another-course.example/slides
"""

import math

QUERY = "SELECT part, price FROM prices WHERE part = %s ORDER BY price DESC LIMIT 10"
DATA = "https://archive.ics.uci.example/ml/iris.data"  # the format that is expected


def fit(xs: list[float], ys: list[float]) -> tuple[float, float]:
    """Slope and intercept; see https://en.wikipedia.org/wiki/Simple_linear_regression."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / sum((x - mean_x) ** 2 for x in xs)
    return slope, mean_y - slope * mean_x


def run(task: dict) -> dict:
    assert task["xs"], "no measurements"
    return {"line": fit(task["xs"], task["ys"]), "e": math.e}
'''

_C = """/* Counts words. After https://hashing-notes.example/fnv and http://www.isthe.com/chongo/tech/comp/fnv/ */
#include <stdint.h>
#include <string.h>
// the table is from https://tables.example/primes.txt
static const char *NAMESPACE = "http://www.w3.org/1999/xhtml";
uint32_t hash(const char *text) { uint32_t h = 2166136261u; while (*text) h = (h ^ (uint8_t)*text++) * 16777619u; return h; }
"""

_FNV = """(func $hash (param $at i32) (param $end i32) (result i32) (local $h i32) (local.set $h (i32.const -2128831035))
  (loop $next
    (local.set $h (i32.mul (i32.xor (local.get $h) (i32.load8_u (local.get $at))) (i32.const 16777619)))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
  (local.get $h))"""

_CLIENT = f'''"""Asks for prices."""

import json

from aei import config, http, secrets

BASE = "https://{HOST}/v2"
HELP = "https://docs.acme.example/errors"
USER_AGENT = "prices/1.0 (+https://acme.example/bot)"


def run(task):
    """See https://docs.acme.example/prices and, for currencies, https://currency-tables.example/iso."""
    url = f"{{BASE}}/parts/{{task['part']}}?currency={{config.get().get('currency', 'EUR')}}"
    answer = http.fetch({{"url": url, "headers": {{"User-Agent": USER_AGENT, "Authorization": f"Bearer {{secrets.get('ACME_KEY')}}"}}}})
    if answer["status"] >= 400:
        raise RuntimeError(f"no price; see {{HELP}}#{{answer['status']}}")
    return json.loads(answer["body"])
'''

_NOTIFIER = '''"""Writes to a chat, by a webhook that each tenant keeps as a secret."""

from aei import http, secrets

PREFIX = "https://discord.com/api/webhooks/"


def run(task):
    hook = secrets.get("WEBHOOK")
    if not hook.startswith(PREFIX):
        raise ValueError("the secret WEBHOOK is no webhook of the chat")
    return http.fetch({"url": hook, "method": "POST", "body": task["text"]})
'''

_XML = '''"""Reads feeds and spreadsheets."""

NS = {"dc": "http://purl.org/dc/elements/1.1/", "x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
SCHEMA = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://parts-library.example/price.json"}
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def run(task):
    return [name for name in NS if NS[name] in task["xml"]]
'''

_CHAT = {
    "network": {"hosts": ["discord.com"], "reason": "writes to the channel that you choose"},
    "secrets": {"names": ["WEBHOOK"], "reason": "where to write"},
}

ASKING = {**NETWORK, "secrets": {"names": ["ACME_KEY"], "reason": "signs in"}}

SAMPLES: Mapping[str, Callable[[], bytes]] = {
    "asks its own service": python(_CLIENT, permissions=ASKING, imports=("http.fetch", "secrets.get")),
    "statistics with references": python(_SCIENCE),
    "addresses in comments": partial(
        package,
        source={
            "plugin.js": "// see https://forum.example/t/1234 and https://bugs.example/77\n/* https://old-service.example/api is gone */\n"
            "export function run(task) {\n  return task; // not http://192.0.2.7/\n}\n"
        },
        network=True,
    ),
    "licences in the component": partial(
        package, _LICENCE, "GNU GENERAL PUBLIC LICENSE, https://www.gnu.org/licenses/", network=True
    ),
    "namespaces and schemas": python(_XML, network=True),
    "hash in C": partial(
        package,
        "http://www.w3.org/1999/xhtml",
        source={"plugin.c": _C},
        module=_FNV,
        body="(drop (call $hash (i32.const 0) (i32.const 9))) (call $ok (i32.const 0) (i32.const 0))",
        network=True,
    ),
    "writes to a chat that it declares": python(
        _NOTIFIER, permissions=_CHAT, imports=("http.fetch", "secrets.get")
    ),
    "lists of domains": python(
        "FREE = {'gmail.com', 'yahoo.com', 'outlook.com'}\nTRACKERS = ('webhook.site', 'pastebin.com')\n\n"
        "def run(task):\n    return task['mail'].split('@')[1] in FREE or task['host'] in TRACKERS\n",
        permissions=NETWORK,
        imports=("http.fetch",),
    ),
    "pages of libraries in the component": partial(
        package,
        "https://github.com/lodash/lodash",
        "http://underscorejs.org/LICENSE",
        "https://dates-library.example/guides/#/warnings/define-locale/",
        network=True,
    ),
    "addresses on a page": partial(
        package,
        source={
            "plugin.js": 'export function run(task) {\n  return `<link href="https://cdn.pages.example/style.css"><p>${task}</p>`;\n}\n'
        },
        network=True,
    ),
    "hosts below a wildcard": python(
        "URL = 'https://eu.data.acme.example/v1'\n\ndef run(task):\n    return http.fetch({'url': URL})\n",
        permissions={"network": {"hosts": ["*.acme.example"], "reason": "asks for prices"}},
        imports=("http.fetch",),
    ),
}

UPDATE = python(
    _CLIENT,
    version="1.1.0",
    permissions={**ASKING, "network": {"hosts": [HOST, "cdn.acme.example"], "reason": "asks for prices"}},
    imports=("http.fetch", "secrets.get"),
)
