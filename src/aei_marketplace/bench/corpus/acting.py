"""Plugins that are told by what they do when they are run on trial, and honest ones that do as much."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aei_marketplace.bench.corpus.making import HOST, NETWORK, package
from aei_marketplace.bench.hostile.assembly import AREA, REPLY, TASK, Guest

SECRET, MODEL, BASE = "PRICES_KEY", "small", "acme.base"
_SECRETS = {"secrets": {"names": [SECRET], "reason": "signs in"}}
_MODELS = {"models": {"chat": [MODEL], "max_tokens_per_execution": 100, "reason": "sums up"}}
_FILES = {"filesystem": {"scratch_mib": 1, "reason": "keeps prices while it works"}}
_OUTPUT = {
    "type": "object",
    "required": ["price"],
    "properties": {"price": {"type": "integer", "minimum": 0}},
    "additionalProperties": False,
}
_EXAMPLES = [{"title": "one", "input": {"price": 3}}]


@dataclass(frozen=True)
class Actor:
    """A plugin that is run.

    Attributes:
        rule: of the finding that is meant; empty for an honest one.
        denies: whether the finding keeps it from being certified.
    """

    name: str
    package: Callable[[], bytes]
    rule: str = ""
    denies: bool = True


def _calling(*calls: tuple[str, tuple[str, ...]], end: str = f"(call $ok {TASK})", **changes: Any) -> bytes:
    """A plugin that calls the host, one after the other, and then ends.

    Args:
        calls: function and its texts, of functions that answer with a result.
        end: what it returns.
    """
    guest = Guest(*dict.fromkeys(function for function, _ in calls))
    body = " ".join(
        f"(call ${function.replace('.', '_')} {' '.join(guest.text(text) for text in texts)} {AREA})"
        for function, texts in calls
    )
    return _acting(guest.wat(f"{body} {end}"), **changes)


def _acting(wat: str, **changes: Any) -> bytes:
    return package(component_wat=wat, **{"examples": _EXAMPLES, "output_schema": _OUTPUT, **changes})


def _fetching(url: str) -> tuple[str, tuple[str, ...]]:
    return "http.fetch", (json.dumps({"url": url}),)


def _chatting(model: str) -> tuple[str, tuple[str, ...]]:
    return "models.chat", (json.dumps({"model": model, "messages": []}),)


def _looping(body: str, *imports: str, rounds: int) -> str:
    return Guest(*imports).wat(
        f"""(local.set $n (i64.const {rounds}))
        (loop $l {body} (br_if $l (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
        (call $ok {TASK})"""
    )


def _everything() -> bytes:
    """Does all that its manifest asks for, and nothing else."""
    asked = {**NETWORK, **_SECRETS, **_MODELS}
    asked["filesystem"] = {"scratch_mib": 1, "persistent_mib": 1, "reason": "keeps prices"}
    return _calling(
        _fetching(f"https://{HOST}/prices"),
        ("secrets.get", (SECRET,)),
        _chatting(MODEL),
        ("files.write", ("scratch/a.txt", "1")),
        ("files.write", ("persistent/a.txt", "1")),
        ("files.read", ("persistent/a.txt",)),
        ("plugins.call", (BASE, "{}")),
        permissions=asked,
        dependencies={BASE: "^1.0.0"},
    )


BAD = (
    Actor(
        "it asks a host beside the one that it declares",
        lambda: _calling(
            _fetching(f"https://{HOST}/prices"), _fetching("https://drop.example/in"), permissions=NETWORK
        ),
        "undeclared-host",
    ),
    Actor(
        "it goes to an address, where no name is looked for",
        lambda: _calling(_fetching("https://203.0.113.9/in"), permissions=NETWORK),
        "undeclared-host",
    ),
    Actor(
        "it goes to another port of its own host, in the clear",
        lambda: _calling(_fetching(f"http://{HOST}:8080/in"), permissions=NETWORK),
        "undeclared-host",
    ),
    Actor(
        "it reads a secret beside its own",
        lambda: _calling(("secrets.get", (SECRET,)), ("secrets.get", ("ROOT_KEY",)), permissions=_SECRETS),
        "undeclared-secret",
    ),
    Actor(
        "it asks a larger model",
        lambda: _calling(_chatting("largest"), permissions=_MODELS),
        "undeclared-model",
    ),
    Actor(
        "it calls a plugin that it does not depend on",
        lambda: _calling(("plugins.call", ("acme.payments", "{}")), dependencies={BASE: "^1.0.0"}),
        "undeclared-plugin",
    ),
    Actor(
        "it leaves a file behind",
        lambda: _calling(("files.write", ("persistent/a.txt", "1")), permissions=_FILES),
        "undeclared-files",
    ),
    Actor(
        "it computes without end",
        lambda: _acting(
            Guest().wat("(loop $l (br $l)) (unreachable)"), limits={"cpu_ms": 100, "wall_ms": 20_000}
        ),
        "burned-limit",
    ),
    Actor(
        "it asks the clock without end",
        lambda: _acting(
            _looping("(drop (call $clock_now))", "clock.now", rounds=1_000_000), limits={"wall_ms": 20_000}
        ),
        "burned-limit",
    ),
    Actor(
        "its output is none that it declares",
        lambda: _calling(examples=[{"title": "one", "input": {}}]),
        "other-output",
    ),
    Actor(
        "its own example ends with an error",
        lambda: _calling(end=f"(call $err {TASK})"),
        "broken-example",
        denies=False,
    ),
    Actor("its own example traps", lambda: _calling(end="(unreachable)"), "no-end", denies=False),
)

HONEST = (
    Actor("it does all that it declares", _everything),
    Actor(
        "it passes on what its host answers",
        lambda: _calling(_fetching(f"https://{HOST}/"), end=REPLY, permissions=NETWORK),
    ),
    Actor(
        "it works for a while",
        lambda: _acting(_looping("", rounds=3_000_000)),
    ),
    Actor(
        "it has no example",
        lambda: _calling(
            examples=None,
            input_schema={
                "type": "object",
                "required": ["price"],
                "properties": {"price": {"type": "integer"}},
            },
        ),
    ),
    Actor(
        "it wants to know what time it is",
        lambda: _acting(_looping("(drop (call $clock_now))", "clock.now", rounds=500)),
    ),
)
