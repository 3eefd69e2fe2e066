"""Language models through the tenant's gateway. Needs the permission `models`.

Requests and answers have the common chat-completion and embedding shapes. Both functions raise Denied,
Invalid, Timeout, Budget or Unavailable, as their names say.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from wit_world.imports import models as _host

from aei.ask import ask


def chat(model: str, messages: Sequence[Mapping[str, Any]], **options: Any) -> dict[str, Any]:
    """Ask a model; `options` are further fields of the request, such as `max_tokens`."""
    return json.loads(ask(_host.chat, json.dumps({"model": model, "messages": list(messages), **options})))


def embed(model: str, texts: Sequence[str]) -> dict[str, Any]:
    """Embed texts."""
    return json.loads(ask(_host.embed, json.dumps({"model": model, "input": list(texts)})))
