"""The marketplace's API for Python programs.

    async with Client("http://127.0.0.1:8420", token) as client:
        operation = await client.installations.install("studio.summarise")
        await client.operations.finished(operation)
        execution = await client.executions.run("studio.summarise", {"text": "…"})
        print(execution["output"])

Every method raises `ApiError` for a problem document and `ServerUnreachable` without an answer.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aei_sdk.client.connection import Client

__all__ = ["Client"]


def __getattr__(name: str) -> Any:
    """Load the client when it is first asked for: its HTTP library loads slower than most commands run."""
    if name != "Client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from aei_sdk.client.connection import Client

    return Client
