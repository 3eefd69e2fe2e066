"""Namespaces, their members and transfers, and what a publisher proves and uses."""

from typing import TypedDict


class Namespace(TypedDict):
    """A namespace of your tenant.

    `role` is what you are named as in it, None when you are not; `administers` whether you may name
    members and hand it over.
    """

    name: str
    members_only: bool
    role: str | None
    administers: bool
    plugins: int
    created_at: str


class NamespaceMember(TypedDict):
    """Somebody who belongs to a namespace: an `owner` or a `maintainer`."""

    user_id: str
    name: str | None
    role: str
    named_by: str | None
    named_at: str


#: An offer of a namespace to another tenant: offered, accepted, withdrawn, declined or expired.
Transfer = TypedDict(
    "Transfer",
    {
        "id": str,
        "namespace": str,
        "from": str,
        "to": str,
        "state": str,
        "offered_at": str,
        "expires_at": str,
        "ended_at": str | None,
    },
)


class DomainProof(TypedDict):
    """A domain that proves who a publisher is, once `expected` stands at `place`."""

    id: str
    domain: str
    method: str
    state: str
    place: str
    expected: str
    problem: str | None
    checked_at: str | None
    expires_at: str


class Quota(TypedDict):
    """What a publisher uses and may: `storage_bytes`, `releases` and `releases_per_hour` of each."""

    used: dict[str, int]
    allowed: dict[str, int]


class TrustedWorkflow(TypedDict):
    """A workflow of a build service that may publish a plugin."""

    id: str
    plugin: str
    issuer: str
    repository: str
    repository_id: str | None
    workflow: str
    environment: str | None
    created_at: str
