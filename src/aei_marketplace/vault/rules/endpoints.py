"""What a model endpoint may be, and which one answers for a model's name."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.ports import ModelKind
from aei_marketplace.ground.sealing import Place, Sealed
from aei_marketplace.ground.urls import IsInternal, UrlUnfit, read_service_url
from aei_marketplace.vault.errors import EndpointUnfit, ModelNameTaken

MOST_MODELS, LONGEST_KEY = 100, 4096
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
#: As in the manifest's schema, without `*`.
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,119}")
_UPSTREAM = re.compile(r"[!-~]{1,200}")
_KEY = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A tenant's endpoint of the common chat-completion API.

    Attributes:
        version: counts its changes.
        base_url: as `read_base_url` gives it.
        models: the name that guests use → the endpoint's own.
        streaming: whether it can stream.
        key: sealed; None when it needs none.
        key_version: the version with which the key was sealed.
    """

    name: str
    version: int
    kind: ModelKind
    base_url: str
    models: Mapping[str, str]
    streaming: bool
    enabled: bool
    updated_at: datetime
    updated_by: UUID
    key: Sealed | None = None
    key_version: int | None = None

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f'"{self.version}-{int(self.updated_at.timestamp() * 1_000_000)}"'

    def shape(self) -> Mapping[str, Any]:
        """The endpoint for callers: whether it has a key, never the key."""
        return {
            "name": self.name,
            "kind": self.kind,
            "base_url": self.base_url,
            "models": self.models,
            "streaming": self.streaming,
            "enabled": self.enabled,
            "has_key": self.key is not None,
            "updated_at": self.updated_at,
            "updated_by": self.updated_by,
        }


def key_place(tenant: UUID, name: str, version: int) -> Place:
    """Where an endpoint's key belongs."""
    return Place("aei-model-key", tenant, name, version)


def check_endpoint_name(name: str) -> str:
    """A name that an endpoint may have.

    Raises:
        EndpointUnfit: it is not spelled like one.
    """
    if not _NAME.fullmatch(name):
        message = "lower-case letters, digits and hyphens, a letter first, at most 63"
        raise EndpointUnfit("The name cannot be used.", faults=[Fault("name", message)])
    return name


def read_base_url(text: str, is_internal: IsInternal) -> str:
    """The URL that `/chat/completions` is added to, without a slash at its end.

    Args:
        is_internal: whether the operator runs the service of this name and port.

    Raises:
        EndpointUnfit: it is no `https://name[:port][/path]`, or plain http to what is not the operator's own.
    """
    try:
        return read_service_url(text, is_internal, "--egress-host")
    except UrlUnfit as unfit:
        raise EndpointUnfit("The URL cannot be used.", faults=[Fault("/base_url", str(unfit))]) from unfit


def origin_of(base_url: str) -> str:
    """Scheme, host and port of a URL that `read_base_url` gave."""
    scheme, _, rest = base_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def check_models(models: Mapping[str, str]) -> Mapping[str, str]:
    """A mapping that an endpoint may have.

    Raises:
        EndpointUnfit: it is empty, too long, or has names that models cannot have.
    """
    faults = [
        Fault(f"/models/{name.replace('~', '~0').replace('/', '~1')[:200]}", "not the name of a model")
        for name, upstream in models.items()
        if not (_MODEL.fullmatch(name) and _UPSTREAM.fullmatch(upstream))
    ]
    if not 1 <= len(models) <= MOST_MODELS:
        faults = [Fault("/models", f"1 to {MOST_MODELS} models")]
    if faults:
        raise EndpointUnfit("The models cannot be kept.", faults=faults[:20])
    return models


def check_key(key: str) -> str:
    """A key that can be sent as a bearer token.

    Raises:
        EndpointUnfit: it has other characters, or is too long.
    """
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        message = f"1 to {LONGEST_KEY:,} visible ASCII characters"
        raise EndpointUnfit("The key cannot be kept.", faults=[Fault("/key", message)])
    return key


def check_names_free(others: Iterable[Endpoint], kind: ModelKind, models: Mapping[str, str]) -> None:
    """Whether the names are still free in the tenant.

    Raises:
        ModelNameTaken: another endpoint of this kind answers for one of them.
    """
    for other in others:
        taken = sorted(set(other.models) & set(models)) if other.kind == kind else []
        if taken:
            raise ModelNameTaken(f"The endpoint {other.name} answers for {taken[0]}.")


def choose(endpoints: Iterable[Endpoint], kind: ModelKind, model: str) -> Endpoint | None:
    """The enabled endpoint that answers for a model's name."""
    found = (e for e in endpoints if e.enabled and e.kind == kind and model in e.models)
    return next(found, None)
