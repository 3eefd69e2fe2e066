"""An answer with embeddings: one finite vector for each text, all of one length."""

import math
from typing import Any

import msgspec

from aei_marketplace.adapters.model_endpoints.failures import EndpointFailed
from aei_marketplace.ground.ports import EndpointCall
from aei_marketplace.ground.tokens import BYTES_PER_TOKEN, counted, most_prompt_tokens


class _Item(msgspec.Struct):
    index: int
    embedding: list[float]


class _Document(msgspec.Struct):
    data: list[_Item]
    usage: Any = None


_read = msgspec.json.Decoder(_Document).decode


class EmbeddingsAnswer:
    """The answer to one call."""

    def __init__(self, call: EndpointCall) -> None:
        self._call = call
        self._vectors: list[list[float]] = []
        self.tokens = call.prompt_tokens

    def feed(self, chunk: bytes) -> bool:  # noqa: ARG002 a chat answer's interface
        """Refuse a stream.

        Raises:
            EndpointFailed: always.
        """
        raise EndpointFailed("the endpoint streams where it should not")

    def read(self, body: bytes) -> None:
        """Take the answer.

        Raises:
            EndpointFailed: it is none.
        """
        try:
            document = _read(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise EndpointFailed("the endpoint's answer has another shape than embeddings") from error
        self._vectors = [item.embedding for item in sorted(document.data, key=lambda item: item.index)]
        if not _one_for_each([item.index for item in document.data], len(self._call.body["input"])):
            raise EndpointFailed("the endpoint did not give one embedding for each text")
        if not _usable(self._vectors):
            raise EndpointFailed("the endpoint's embeddings are not finite vectors of one length")
        reported = document.usage.get("prompt_tokens") if isinstance(document.usage, dict) else None
        most = most_prompt_tokens(self._call.prompt_tokens * BYTES_PER_TOKEN)
        self.tokens = counted(reported, self._call.prompt_tokens, most)

    def document(self) -> bytes:
        """The answer in the common shape."""
        data = [
            {"object": "embedding", "index": index, "embedding": vector}
            for index, vector in enumerate(self._vectors)
        ]
        usage = {"prompt_tokens": self.tokens, "total_tokens": self.tokens}
        return msgspec.json.encode(
            {"object": "list", "model": self._call.model, "data": data, "usage": usage}
        )


def _one_for_each(indices: list[int], texts: int) -> bool:
    return sorted(indices) == list(range(texts))


def _usable(vectors: list[list[float]]) -> bool:
    lengths = {len(vector) for vector in vectors}
    return len(lengths) == 1 and 0 not in lengths and all(math.isfinite(x) for v in vectors for x in v)
