"""Bad by what an update brings."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from aei_marketplace.bench.corpus.bad.parts import FETCH, LETTERS, STRANGER, URL, chance
from aei_marketplace.bench.corpus.making import HOST, NETWORK, Sample, package, previous, python


def _update(rule: str, name: str, made: partial[bytes], **before: Any) -> Sample:
    return Sample(name, made, "changes", rule, previous(**before))


def _with_hosts(*hosts: str) -> Mapping[str, Mapping[str, Any]]:
    return {"network": {"hosts": [HOST, *hosts], "reason": "asks for prices"}}


SAMPLES = (
    _update(
        "new-foreign-host",
        "update that adds a host of strangers",
        partial(package, network=True, version="1.1.0", permissions=_with_hosts(STRANGER)),
    ),
    _update(
        "new-named-host",
        "update whose code names a host of strangers",
        python(FETCH % f"'{URL}'", network=True, version="1.1.0"),
    ),
    _update(
        "new-permission",
        "update that wants secrets",
        partial(
            package,
            network=True,
            version="1.1.0",
            imports=("secrets.get",),
            permissions={**NETWORK, "secrets": {"names": ["ACME_KEY"], "reason": "signs in"}},
        ),
    ),
    _update(
        "size-jump",
        "update that is many times as large",
        partial(package, chance(1_600_000, LETTERS, "size"), network=True, version="1.1.0"),
    ),
)
